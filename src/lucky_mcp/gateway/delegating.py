"""Handles made and taken back for services: kept to a rate, each recorded before it counts."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable
from datetime import datetime

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.errors import AuditUnavailable
from lucky_mcp.gateway.refusal_log import RefusalLog
from lucky_mcp.identity.delegations import Asked, DelegationRefused, Delegations, Minted
from lucky_mcp.limits.meter import Charge, Meter
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import IdentityRules

# For callers that no rule lets delegate; each attempt is refused anyway.
PER_MINUTE_OF_OTHERS = 10


class TooMany(Exception):
    """A service has made as many handles as it may for now."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class Delegating:
    """What `/delegations` does; `meter` is shared by processes that share their limits."""

    def __init__(
        self,
        delegations: Delegations,
        *,
        rules: Callable[[], IdentityRules],
        audit: AuditSink,
        refusals: RefusalLog,
        meter: Meter,
        now: Callable[[], datetime],
    ) -> None:
        self._delegations = delegations
        self._rules = rules
        self._audit = audit
        self._refusals = refusals
        self._meter = meter
        self._now = now

    async def mint(self, by: Principal, asked: Asked) -> Minted:
        """Make a handle; TooMany, DelegationRefused, HandlesAway, or AuditUnavailable: then there is none."""
        await self._admit(by)
        try:
            minted = await self._delegations.mint(by, asked)
        except DelegationRefused as refusal:
            target = f"{asked.app or 'its app'} for {asked.subject}"
            await self._refusals.note("delegation.refused", by.subject, target, refusal.reason)
            raise
        made = minted.delegation
        detail = f"{made.app} for {made.subject}, groups {', '.join(made.groups) or '-'}, {asked.ttl_s} s"
        try:
            await self._record("delegation.created", made.id, detail, by)
        except AuditUnavailable:
            await self._delegations.forget(made)
            raise
        return minted

    async def revoke(self, by: Principal, id: str) -> bool:
        """Take a handle back, also when that cannot be recorded (AuditUnavailable); False: it made none."""
        gone = await self._delegations.revoke(by, id)
        if gone is None:
            return False
        await self._record("delegation.revoked", gone.id, f"{gone.app} for {gone.subject}", by)
        return True

    async def close(self) -> None:
        """Close the meter, and where handles are kept; record the refusals that were only counted."""
        await self._refusals.close()
        await self._meter.close()
        await self._delegations.close()

    async def _admit(self, by: Principal) -> None:
        app = self._rules().apps.get(by.subject)
        limit = app.delegations_per_minute if app is not None else PER_MINUTE_OF_OTHERS
        charge = Charge(kind="delegations_per_minute", limit=limit, period_s=60, amount=1)
        who, lease = f"delegations of {by.subject}", secrets.token_hex(8)
        wait = await self._meter.admit(who, (charge,), None, lease)
        if wait is not None:
            raise TooMany(max(1, math.ceil(wait.seconds)))
        await self._meter.settle(who, (), lease)

    async def _record(self, kind: str, target: str, detail: str, by: Principal) -> None:
        event = operator_event(kind, target, detail, self._now(), principal=by.subject)
        await asyncio.to_thread(self._audit.write, event)
