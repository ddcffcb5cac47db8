"""A meter of one process among several that do not know of each other: each gives its part of every limit."""

from __future__ import annotations

from dataclasses import replace

from lucky_mcp.limits.meter import Charge, Meter, Wait


class DividedMeter:
    """Divides every limit by `processes`; no limit becomes less than one."""

    def __init__(self, meter: Meter, processes: int) -> None:
        self._meter = meter
        self._processes = processes

    async def admit(
        self, who: str, charges: tuple[Charge, ...], places: int | None, lease: str
    ) -> Wait | None:
        """Charge a read that begins; see `Meter`."""
        own = None if places is None else max(1, places // self._processes)
        return await self._meter.admit(who, self._divided(charges), own, lease)

    async def settle(self, who: str, charges: tuple[Charge, ...], lease: str) -> None:
        """Charge what a read has used; see `Meter`."""
        await self._meter.settle(who, self._divided(charges), lease)

    async def close(self) -> None:
        """Close the meter below."""
        await self._meter.close()

    def _divided(self, charges: tuple[Charge, ...]) -> tuple[Charge, ...]:
        return tuple(replace(each, limit=max(1.0, each.limit / self._processes)) for each in charges)
