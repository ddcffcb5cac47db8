"""Callers who were turned away, in the audit: the first of each kind in each minute, and how many more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.errors import AuditUnavailable

WINDOW = timedelta(minutes=1)
EVENTS_MAX = 30
TEXT_MAX = 300
log = structlog.get_logger(__name__)


class RefusalLog:
    """Writes at most `EVENTS_MAX` events of each kind a minute, so nobody fills the disk by being refused.

    Each kind has its own budget: whoever has no credential keeps no refusal of those who have one out.
    """

    def __init__(self, audit: AuditSink, *, now: Callable[[], datetime]) -> None:
        self._audit = audit
        self._now = now
        self._window = now()
        self._noted: Counter[str] = Counter()

    async def note(self, kind: str, principal: str, target: str, detail: str) -> None:
        """Record one refusal, or count it; what cannot be recorded is logged, for nothing was let in."""
        if self._now() - self._window >= WINDOW:
            await self.close()
        self._noted[kind] += 1
        if self._noted[kind] <= EVENTS_MAX:
            await self._write(kind, principal, target, detail)

    async def close(self) -> None:
        """Record how many of each kind were only counted so far, and begin anew."""
        noted, since = self._noted, self._window.isoformat(timespec="seconds")
        self._noted, self._window = Counter(), self._now()
        for kind, count in noted.items():
            if count > EVENTS_MAX:
                await self._write(kind, "-", "-", f"{count - EVENTS_MAX} more refusals since {since}")

    async def _write(self, kind: str, principal: str, target: str, detail: str) -> None:
        event = operator_event(
            kind, target[:TEXT_MAX], detail[:TEXT_MAX], self._now(), principal=principal[:TEXT_MAX]
        )
        try:
            # An event is on the disk when this returns, for which no other caller should wait.
            await asyncio.to_thread(self._audit.write, event)
        except AuditUnavailable:
            log.error("a refusal could not be recorded", kind=kind)
