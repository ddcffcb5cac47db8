"""Callers who were turned away, in the audit: the first in each minute, and how many there were besides."""

from __future__ import annotations

import asyncio
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
    """Writes at most `EVENTS_MAX` events a minute, so that nobody can fill the disk by being refused."""

    def __init__(self, audit: AuditSink, *, now: Callable[[], datetime]) -> None:
        self._audit = audit
        self._now = now
        self._window = now()
        self._written = 0
        self._passed_over = 0

    async def note(self, kind: str, principal: str, target: str, detail: str) -> None:
        """Record one refusal, or count it; what cannot be recorded is logged, for nothing was let in."""
        now = self._now()
        if now - self._window >= WINDOW:
            await self.close()
            self._window, self._written = now, 0
        if self._written >= EVENTS_MAX:
            self._passed_over += 1
            return
        self._written += 1
        await self._write(kind, principal, target, detail)

    async def close(self) -> None:
        """Record how many were passed over so far."""
        count, self._passed_over = self._passed_over, 0
        if count:
            since = self._window.isoformat(timespec="seconds")
            await self._write("auth.refused", "-", "-", f"{count} more refusals since {since}")

    async def _write(self, kind: str, principal: str, target: str, detail: str) -> None:
        event = operator_event(
            kind, target[:TEXT_MAX], detail[:TEXT_MAX], self._now(), principal=principal[:TEXT_MAX]
        )
        try:
            # An event is on the disk when this returns, for which no other caller should wait.
            await asyncio.to_thread(self._audit.write, event)
        except AuditUnavailable:
            log.error("a refusal could not be recorded", kind=kind)
