"""A shared meter, and one of the process's own for the time in which the shared one does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from lucky_mcp.limits.meter import Charge, Meter, Wait

AGAIN_SECONDS = 5.0
log = structlog.get_logger(__name__)


class FallbackMeter:
    """Asks `shared`; when that fails, `own` counts for some seconds before it is asked again.

    So no read waits for a server that is away more than once in that time, and no limit is lifted.
    """

    def __init__(self, shared: Meter, own: Meter, ticks: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._own = own
        self._ticks = ticks
        self._away_until = 0.0
        self._is_away = False

    @property
    def is_shared(self) -> bool:
        """Whether the shared meter answered when it was asked last."""
        return not self._is_away

    async def admit(
        self, who: str, charges: tuple[Charge, ...], places: int | None, lease: str
    ) -> Wait | None:
        """Charge a read that begins; see `Meter`."""
        if self._ticks() >= self._away_until:
            try:
                found = await self._shared.admit(who, charges, places, lease)
            except Exception as failure:
                self._failed(failure)
            else:
                self._answered()
                return found
        return await self._own.admit(who, charges, places, lease)

    async def settle(self, who: str, charges: tuple[Charge, ...], lease: str) -> None:
        """Charge what a read has used; see `Meter`. Each meter forgets a lease that it has not given."""
        if self._ticks() >= self._away_until:
            try:
                await self._shared.settle(who, charges, lease)
            except Exception as failure:
                self._failed(failure)
            else:
                await self._own.settle(who, (), lease)
                return
        await self._own.settle(who, charges, lease)

    async def close(self) -> None:
        """Close both."""
        await self._own.close()
        await self._shared.close()

    def _failed(self, failure: Exception) -> None:
        self._away_until = self._ticks() + AGAIN_SECONDS
        if not self._is_away:
            log.warning("limits_not_shared", why=type(failure).__name__)
        self._is_away = True

    def _answered(self) -> None:
        if self._is_away:
            log.info("limits_shared_again")
        self._is_away = False
