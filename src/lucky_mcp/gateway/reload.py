"""Puts a changed policy directory into force while the server runs: whole, or not at all.

A directory counts once it has been still for a moment, and still is after it was read: an editor or a
checkout that is half done must not be taken for a policy. What lint calls an error keeps the old set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.errors import AuditUnavailable, ConfigurationError
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.gateway.start import learn
from lucky_mcp.gateway.system_datasets import with_system
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

SUFFIXES: Final = frozenset({".yaml", ".json"})
log = structlog.get_logger(__name__)

UNCHECKED = "check"

# Names of files with what changes when one is written.
Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """What keeps a directory from being loaded: `rules` may be told to everybody, `why` to operators."""

    rules: tuple[str, ...]
    why: str


class Reloader:
    """Looks at the directory of a gateway's policies; `check` is called again and again."""

    def __init__(
        self,
        gateway: Gateway,
        directory: Path,
        *,
        audit: AuditSink,
        now: Callable[[], datetime],
        environment: Mapping[str, str],
        loaded: Stamp,
    ) -> None:
        """`loaded` is the stamp of the directory from before the set in force was loaded."""
        self._gateway = gateway
        self._directory = directory
        self._audit = audit
        self._now = now
        self._environment = environment
        self._settled = self._seen = loaded
        self._rejected_before = ""

    async def keep(self, seconds: float) -> None:
        """Check for ever, or never when `seconds` is 0; cancelled when the server stops."""
        while seconds:
            await asyncio.sleep(seconds)
            try:
                await self.check()
            except Exception:  # whatever it was, the next look must come
                log.exception("policy directory not checked")
                self._note_unchecked()
            else:
                self._note_checked()

    def _note_unchecked(self) -> None:
        """Let health say that nobody looks, until a look succeeds."""
        if self._gateway.rejected != UNCHECKED:
            self._rejected_before, self._gateway.rejected = self._gateway.rejected, UNCHECKED

    def _note_checked(self) -> None:
        if self._gateway.rejected == UNCHECKED:
            self._gateway.rejected = self._rejected_before

    async def check(self) -> None:
        """Load the directory if it changed and is still since the last check."""
        found = await asyncio.to_thread(stamp, self._directory)
        was_seen, self._seen = self._seen, found
        if found == self._settled or found != was_seen:
            return
        loaded = await asyncio.to_thread(self._load)
        if await asyncio.to_thread(stamp, self._directory) != found:
            return  # written while it was read
        if isinstance(loaded, Rejected):
            self._reject(loaded)
        elif loaded.digest != self._gateway.policies.digest and not await self._swap(loaded):
            return
        else:
            self._gateway.rejected = ""
        self._settled = found

    def _load(self) -> PolicySet | Rejected:
        """Return the set, or every error of lint, or what loading says."""
        from lucky_mcp.policy.lint.rules import Severity
        from lucky_mcp.policy.lint.run import lint

        errors = [
            each
            for each in lint(self._directory, self._now().date()).findings
            if each.severity is Severity.ERROR
        ]
        if errors:
            why = "\n".join(f"{each.place}: {each.rule}: {each.what}" for each in errors)
            return Rejected(rules=tuple(sorted({each.rule for each in errors})), why=why)
        try:
            policies = with_system(load_policies(self._directory, self._environment))
        except ConfigurationError as fault:
            return Rejected(rules=("load",), why=str(fault))
        learn(policies)
        return policies

    async def _swap(self, policies: PolicySet) -> bool:
        """Put the set into force, with its reference sets read and the audit told; False when it was not."""
        await refresh_references(self._gateway.beside(policies), self._now)
        old = self._gateway.policies.digest
        detail = f"replaces {old}, {len(policies.sources)} sources"
        try:
            self._audit.write(operator_event("policy.loaded", policies.digest, detail, self._now()))
        except AuditUnavailable:
            self._gateway.rejected = "audit"
            return False
        self._gateway.swap(policies)
        log.info("policies loaded", digest=policies.digest, replaces=old)
        return True

    def _reject(self, rejected: Rejected) -> None:
        """Say once what is wrong; names of tables and files are for the log and the audit alone."""
        digest = self._gateway.policies.digest
        self._gateway.rejected = ", ".join(rejected.rules)
        log.error("policies rejected, the old ones stay in force", digest=digest, why=rejected.why)
        try:
            self._audit.write(operator_event("policy.rejected", digest, rejected.why, self._now()))
        except AuditUnavailable:
            log.error("the audit log cannot be written")


def stamp(directory: Path) -> Stamp:
    """Return what changes when a policy file or snapshot of the directory is written, added or removed."""
    found = []
    for path in sorted(directory.rglob("*")):
        if path.suffix in SUFFIXES:
            try:
                state = path.stat()
            except OSError:
                continue
            found.append(
                (path.relative_to(directory).as_posix(), state.st_mtime_ns, state.st_size, state.st_ino)
            )
    return tuple(found)
