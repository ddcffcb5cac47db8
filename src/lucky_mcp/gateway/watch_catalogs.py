"""Looks at each source in the background, and says where it differs from its reviewed snapshot.

What is found widens nothing: new tables and columns are absent until a reviewer accepts them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.catalog.differences import changed_underneath, differences
from lucky_mcp.errors import LuckyError
from lucky_mcp.gateway.crawl import CRAWLERS, crawl
from lucky_mcp.gateway.drift import Drift
from lucky_mcp.gateway.system_datasets import reviewed_part
from lucky_mcp.model.principal import SYSTEM_CATALOG
from lucky_mcp.model.source import Source

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

AT_ONCE = 4
CHECK_SECONDS = 5.0
SUSPECT_SECONDS = 30.0
LINES_MAX = 20
log = structlog.get_logger(__name__)


class CatalogWatch:
    """Crawls every active source once in about `interval_s`, a few at a time, each at a time of its own.

    `chance` gives numbers from 0 to 1: sources are spread over the interval, so that many processes and
    sources never look at once, and nothing is opened at the start.
    """

    def __init__(
        self,
        gateway: Gateway,
        audit: AuditSink,
        interval_s: float,
        *,
        now: Callable[[], datetime],
        chance: Callable[[], float],
    ) -> None:
        self._gateway = gateway
        self._audit = audit
        self._interval = interval_s
        self._now = now
        self._chance = chance
        self._due: dict[str, float] = {}

    async def keep(self) -> None:
        """Look for ever, or not at all without an interval; cancelled when the server stops."""
        if not self._interval:
            return
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(CHECK_SECONDS, self._interval / 10))
            await self.look_at_due(loop.time())

    async def look_at_due(self, time: float) -> None:
        """Look at every source whose time has come; `time` is in seconds of a clock that never goes back."""
        due = [source for source in self._sources() if self._is_due(source.name, time)]
        places = asyncio.Semaphore(AT_ONCE)

        async def one(source: Source) -> None:
            async with places:
                try:
                    await self.look_at(source.name)
                except (
                    Exception
                ) as failure:  # one source's, or the audit's: the others are looked at all the same
                    log.warning("catalog not refreshed", source=source.name, why=type(failure).__name__)

        await asyncio.gather(*(one(source) for source in due))

    async def look_at(self, name: str) -> Drift:
        """Crawl one source, compare it with its snapshot, and tell what differs, once."""
        before = self._gateway.drifts.of(name)
        drift = await self._looked(name, before)
        self._gateway.drifts.put(drift)
        if drift.failure:
            log.warning("catalog not refreshed", source=name, why=drift.failure)
        elif drift.lines != (before.lines if before is not None else ()):
            self._tell(drift)
        return drift

    async def _looked(self, name: str, before: Drift | None) -> Drift:
        reviewed = reviewed_part(self._gateway.policies.catalogs[name])
        try:
            found = await crawl(self._gateway, name)
        except Exception as failure:  # whatever it is, it is this source's alone
            return Drift(
                source=name,
                seen_at=before.seen_at if before is not None else self._now(),
                lines=before.lines if before is not None else (),
                changed=before.changed if before is not None else frozenset(),
                failure=str(failure) if isinstance(failure, LuckyError) else type(failure).__name__,
            )
        return Drift(
            source=name,
            seen_at=self._now(),
            lines=differences(reviewed, found),
            changed=changed_underneath(reviewed, found),
        )

    def _tell(self, drift: Drift) -> None:
        shown = list(drift.lines[:LINES_MAX])
        log.warning("catalog drift", source=drift.source, differences=len(drift.lines), first=shown)
        detail = f"{len(drift.lines)} differences: " + "; ".join(shown) if shown else "as reviewed again"
        self._audit.write(
            operator_event(
                "catalog.drifted", drift.source, detail, self._now(), principal=SYSTEM_CATALOG.subject
            )
        )

    def _sources(self) -> list[Source]:
        return [
            source
            for source in self._gateway.policies.sources.values()
            if source.status == "active" and source.kind in CRAWLERS
        ]

    def _is_due(self, name: str, time: float) -> bool:
        """The first look comes anywhere in the interval, the next ones between half and all of it later."""
        if name not in self._due:
            self._due[name] = time + self._interval * self._chance()
        if self._gateway.drifts.is_suspected(name):
            self._due[name] = min(self._due[name], time + SUSPECT_SECONDS * self._chance())
        if self._due[name] > time:
            return False
        self._due[name] = time + self._interval * (0.5 + self._chance() / 2)
        return True
