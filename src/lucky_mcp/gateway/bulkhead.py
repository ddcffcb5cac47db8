"""One caller's share of the gateway and of a source: whoever asks a lot leaves something to others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import Source

CALLER_READS_MAX = 8
# An embedded source has as many workers, a server's source as many connections unless it says otherwise.
PLACES = 4
WAIT_SECONDS = 5.0


@dataclass
class _Share:
    places: asyncio.Semaphore
    users: int = 0


class Bulkhead:
    """Counts the reads under way by caller, and by caller and source; a share exists while it is used."""

    def __init__(
        self, *, caller_reads_max: int = CALLER_READS_MAX, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._caller_reads_max = caller_reads_max
        self._wait_seconds = wait_seconds
        self._shares: dict[tuple[str, str], _Share] = {}

    def __len__(self) -> int:
        return len(self._shares)

    def under_way(self) -> tuple[int, int]:
        """How many callers have reads under way or waiting for a place, and how many reads those are."""
        users = [share.users for (_, source), share in self._shares.items() if not source]
        return len(users), sum(users)

    @asynccontextmanager
    async def place(self, caller: str, source: Source) -> AsyncIterator[None]:
        """Hold a place of the caller's share; EngineError BUSY when none comes free in time.

        On a source with several connections one is always left to the others.
        """
        places = source.server.connections_max if source.server is not None else PLACES
        async with (
            self._part((caller, ""), self._caller_reads_max),
            self._part((caller, source.name), max(1, places - 1)),
        ):
            yield

    @asynccontextmanager
    async def _part(self, key: tuple[str, str], size: int) -> AsyncIterator[None]:
        share = self._shares.setdefault(key, _Share(asyncio.Semaphore(size)))
        share.users += 1
        try:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await share.places.acquire()
            except TimeoutError:
                raise EngineError(EngineErrorKind.BUSY, "the caller's share is in use") from None
            try:
                yield
            finally:
                share.places.release()
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[key]
