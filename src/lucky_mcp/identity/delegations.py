"""Handles by which an app asks for a person: made for a service that may, short-lived, remembered as a hash.

A handle is no credential: it counts only beside the app's own, and only for the app it was made for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lucky_mcp.identity.claims import checked_subject
from lucky_mcp.identity.people import person
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import RESERVED, IdentityRules

SECONDS_DEFAULT = 300
SECONDS_MIN = 10
KEPT_MAX = 10_000
ID_BYTES, SECRET_BYTES = 8, 32
ID = re.compile(r"d-[0-9a-f]{16}")
HANDLE = re.compile(r"lc_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, kw_only=True)
class Delegation:
    """One handle without its secret: `by` made it, so that `app` may ask for `subject` until `expires`."""

    id: str
    sha256: str
    by: str
    app: str
    subject: str
    groups: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a service asks for; `app` is left out by one that speaks for a single app."""

    subject: str
    groups: tuple[str, ...] = ()
    app: str = ""
    ttl_s: int = SECONDS_DEFAULT


@dataclass(frozen=True, kw_only=True)
class Minted:
    """A handle at the only moment its secret is known."""

    handle: str
    delegation: Delegation


class DelegationRefused(Exception):
    """A handle is not made, or does not count; `reason` is for the audit and for the service that asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HandlesAway(Exception):
    """Where handles are kept cannot be asked now, or is full; nobody is let in on a guess."""


class Handles(Protocol):
    """Keeps delegations until they expire; raises HandlesAway."""

    async def add(self, delegation: Delegation, seconds: int) -> None:
        """Keep one for so many seconds."""

    async def find(self, id: str) -> Delegation | None:
        """Return the one of that id; None when there is none, or none any more."""

    async def remove(self, id: str) -> None:
        """Forget one."""

    async def close(self) -> None:
        """Give back what is open."""


class MemoryHandles:
    """Handles of one process."""

    def __init__(self, now: Callable[[], datetime], kept_max: int = KEPT_MAX) -> None:
        self._now = now
        self._kept_max = kept_max
        self._kept: dict[str, Delegation] = {}

    async def add(self, delegation: Delegation, seconds: int) -> None:
        """Keep one; see `Handles`."""
        if len(self._kept) >= self._kept_max:
            now = self._now()
            self._kept = {id: each for id, each in self._kept.items() if each.expires > now}
        if len(self._kept) >= self._kept_max:
            raise HandlesAway(f"this process may keep {self._kept_max:,} handles")
        self._kept[delegation.id] = delegation

    async def find(self, id: str) -> Delegation | None:
        """Return one; see `Handles`."""
        return self._kept.get(id)

    async def remove(self, id: str) -> None:
        """Forget one; see `Handles`."""
        self._kept.pop(id, None)

    async def close(self) -> None:
        """Nothing is open."""


class Delegations:
    """Makes, finds and takes back handles by the rules in force; `random_bytes` must be fit for secrets."""

    def __init__(
        self,
        handles: Handles,
        *,
        rules: Callable[[], IdentityRules],
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._handles = handles
        self._rules = rules
        self._now = now
        self._random_bytes = random_bytes

    async def mint(self, by: Principal, asked: Asked) -> Minted:
        """Make a handle; DelegationRefused when this service may not make that one, or HandlesAway."""
        rules = self._rules()
        app, groups = _allowed(rules, by, asked)
        id, secret = self._random_bytes(ID_BYTES).hex(), _base64url(self._random_bytes(SECRET_BYTES))
        delegation = Delegation(
            id=f"d-{id}",
            sha256=_hash(secret),
            by=by.subject,
            app=app,
            subject=asked.subject,
            groups=groups,
            expires=self._now() + timedelta(seconds=asked.ttl_s),
        )
        await self._handles.add(delegation, asked.ttl_s)
        return Minted(handle=f"lc_{id}_{secret}", delegation=delegation)

    async def person_for(self, app: Principal, handle: str) -> Principal:
        """Return for whom `app` asks by a handle, with the roles of that person now.

        DelegationRefused for every handle that does not count, or HandlesAway.
        """
        form = HANDLE.fullmatch(handle)
        if form is None:
            raise DelegationRefused("it has not the form of a handle")
        found = await self._handles.find(f"d-{form[1]}")
        if found is None or not hmac.compare_digest(found.sha256, _hash(form[2])):
            raise DelegationRefused("there is no such handle, or none any more")
        if found.expires <= self._now():
            raise DelegationRefused(f"{found.id} has expired")
        if found.app != app.subject:
            raise DelegationRefused(f"{found.id} was made for another app")
        rules = self._rules()
        service = rules.apps.get(found.by)
        if service is None or found.app not in service.delegates_for:
            raise DelegationRefused(f"{found.id} was made by a service that may no longer do so")
        return person(rules, found.subject, found.groups, within=service.groups)

    async def revoke(self, by: Principal, id: str) -> Delegation | None:
        """Take back a handle that this service made, and return it; None when it made none of that id."""
        found = await self._handles.find(id) if ID.fullmatch(id) else None
        if found is None or found.by != by.subject or found.expires <= self._now():
            return None
        await self._handles.remove(id)
        return found

    async def forget(self, delegation: Delegation) -> None:
        """Take back a handle that must not have been made after all."""
        await self._handles.remove(delegation.id)

    async def close(self) -> None:
        """Close where handles are kept."""
        await self._handles.close()


def _allowed(rules: IdentityRules, by: Principal, asked: Asked) -> tuple[str, tuple[str, ...]]:
    """Return for which app, and as a member of which groups, this service may speak for that person."""
    entry = rules.apps.get(by.subject)
    if entry is None or not entry.delegates_for or by.app is not None:
        raise DelegationRefused("this caller may not delegate")
    app = asked.app or (entry.delegates_for[0] if len(entry.delegates_for) == 1 else "")
    if app not in entry.delegates_for:
        raise DelegationRefused("this caller may not delegate for that app")
    if not SECONDS_MIN <= asked.ttl_s <= entry.ttl_max_s:
        raise DelegationRefused(f"a handle holds for {SECONDS_MIN} to {entry.ttl_max_s} seconds")
    groups = _vouched(asked.groups, entry.groups)
    if not _may_be(asked.subject) or not person(rules, asked.subject, groups, within=entry.groups).roles:
        raise DelegationRefused("nothing here gives that person a role")
    return app, groups


def _vouched(asked: Iterable[str], listed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(asked) & set(listed)))


def _may_be(subject: str) -> bool:
    try:
        return not checked_subject(subject).startswith(RESERVED)
    except ValueError:
        return False


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
