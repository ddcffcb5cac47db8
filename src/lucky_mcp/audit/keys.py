"""The keys of the audit log: one seals the lines, others stand in for what agents write and for callers, or
seal what a Redis keeps.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.secrets.private_files import read_private, sole_writer, write_private
from lucky_mcp.secrets.references import read_secret

BYTES_MIN = 32
DIFFERENT_MIN = 8  # of its bytes: thirty-two zeros are no secret
WHAT = "audit key"


@dataclass(frozen=True, kw_only=True)
class AuditKey:
    """What is derived from one secret; `id` names it in the log and tells nothing about it."""

    id: str
    chain: bytes = field(repr=False)
    literals: bytes = field(repr=False)
    callers: bytes = field(repr=False)
    handles: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AuditKeys:
    """The key that new lines are sealed with, and those that older segments were."""

    current: AuditKey
    previous: tuple[AuditKey, ...] = ()

    @property
    def all(self) -> tuple[AuditKey, ...]:
        """Every key, the current one first."""
        return (self.current, *self.previous)

    def find(self, key_id: str) -> AuditKey | None:
        """Return the key of that id; None when it is not among them."""
        return next((key for key in self.all if key.id == key_id), None)


def key_of(secret: bytes) -> AuditKey:
    """Derive the key of a secret; ConfigurationError for one that is too weak."""
    if len(secret) < BYTES_MIN or len(set(secret)) < DIFFERENT_MIN:
        raise ConfigurationError(
            f"the {WHAT} is too weak; use at least {BYTES_MIN} random bytes: openssl rand -hex 32"
        )
    return AuditKey(
        id=_derived(secret, b"id").hex()[:16],
        chain=_derived(secret, b"chain"),
        literals=_derived(secret, b"literals"),
        callers=_derived(secret, b"callers"),
        handles=_derived(secret, b"handles"),
    )


def keys_of(
    *, reference: str, previous: tuple[str, ...], own: Path, environment: Mapping[str, str]
) -> AuditKeys:
    """Read the keys that the references name.

    Without a reference the key in the file `own` is used, which is made when it is missing; once there is
    one, that file, if there is one, holds a previous key. ConfigurationError says what is wrong with a key.
    """
    if previous and not reference:
        raise ConfigurationError("LUCKY_AUDIT_KEYS_PREVIOUS is set, and LUCKY_AUDIT_KEY is not")
    if not reference:
        return AuditKeys(current=_named(str(own), _own_secret(own)))
    current = _read("LUCKY_AUDIT_KEY", reference, environment)
    found = [_read("LUCKY_AUDIT_KEYS_PREVIOUS", each, environment) for each in previous]
    kept = read_private(own, WHAT)
    if kept is not None:
        found.append(_named(str(own), kept.strip()))
    return AuditKeys(current=current, previous=tuple(key for key in found if key.id != current.id))


def _read(name: str, reference: str, environment: Mapping[str, str]) -> AuditKey:
    try:
        return key_of(read_secret(reference, environment).encode("utf-8", "surrogateescape"))
    except ConfigurationError as failure:
        raise ConfigurationError(f"{name}: {failure}") from None


def _named(name: str, secret: bytes) -> AuditKey:
    try:
        return key_of(secret)
    except ConfigurationError as failure:
        raise ConfigurationError(f"{name}: {failure}") from None


def _own_secret(path: Path) -> bytes:
    found = read_private(path, WHAT)
    if found is None:
        with sole_writer(path, WHAT):
            found = read_private(path, WHAT)
            if found is None:
                found = secrets.token_hex(BYTES_MIN).encode("ascii")
                write_private(path, found.decode("ascii") + "\n", WHAT)
    return found.strip()


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"lucky-mcp audit\0" + purpose, hashlib.sha256).digest()
