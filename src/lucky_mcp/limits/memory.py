"""A meter in the memory of one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lucky_mcp.limits.meter import AT_ONCE, LEASE_SECONDS, Charge, Wait

CALLERS_MAX = 10_000
PLACE_SECONDS = 1.0


@dataclass
class _Level:
    level: float
    at: float
    charge: Charge


@dataclass
class _Caller:
    levels: dict[str, _Level] = field(default_factory=dict)
    leases: dict[str, float] = field(default_factory=dict)


class MemoryMeter:
    """Counts by a clock that is never set back; callers whose levels have fallen to nothing are forgotten."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._callers: dict[str, _Caller] = {}

    def __len__(self) -> int:
        return len(self._callers)

    async def admit(
        self, who: str, charges: tuple[Charge, ...], places: int | None, lease: str
    ) -> Wait | None:
        """Charge a read that begins; see `Meter`."""
        now = self._ticks()
        self._forget(now)
        caller = self._callers.setdefault(who, _Caller())
        caller.leases = {name: until for name, until in caller.leases.items() if until > now}
        waits = [Wait(kind=each.kind, seconds=each.wait(_now(caller, each, now))) for each in charges]
        if places is not None and len(caller.leases) >= places:
            waits.append(Wait(kind=AT_ONCE, seconds=PLACE_SECONDS))
        longest = max(waits, key=lambda wait: wait.seconds, default=None)
        if longest is not None and longest.seconds > 0:
            return longest
        self._add(caller, charges, now)
        caller.leases[lease] = now + LEASE_SECONDS
        return None

    async def settle(self, who: str, charges: tuple[Charge, ...], lease: str) -> None:
        """Charge what a read has used; see `Meter`."""
        caller = self._callers.setdefault(who, _Caller())
        self._add(caller, charges, self._ticks())
        caller.leases.pop(lease, None)

    async def close(self) -> None:
        """Nothing is open."""

    def _add(self, caller: _Caller, charges: tuple[Charge, ...], now: float) -> None:
        for each in charges:
            caller.levels[each.kind] = _Level(_now(caller, each, now) + each.amount, now, each)

    def _forget(self, now: float) -> None:
        if len(self._callers) < CALLERS_MAX:
            return
        self._callers = {
            who: caller
            for who, caller in self._callers.items()
            if any(until > now for until in caller.leases.values())
            or any(known.charge.level_after(known.level, now - known.at) for known in caller.levels.values())
        }


def _now(caller: _Caller, charge: Charge, now: float) -> float:
    known = caller.levels.get(charge.kind)
    return charge.level_after(known.level, now - known.at) if known is not None else 0.0
