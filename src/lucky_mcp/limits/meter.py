"""Counting what callers ask for: a level per caller and kind that rises with use and falls with time.

A level falls by the limit within the period, so a caller may use the whole limit at once and then as much as
falls. Where a level stands when it meets its limit says how long to wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

LEASE_SECONDS = 150  # longer than any read may take, so that a process that died gives its places back
AT_ONCE = "reads_at_once"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What is used of one kind: `amount` of `limit` within `period_s` seconds.

    At admission an amount of 0 asks whether anything is left.
    """

    kind: str
    limit: float
    period_s: float
    amount: float = 0

    def level_after(self, level: float, seconds: float) -> float:
        """Return to what a level has fallen after some seconds."""
        return max(0.0, level - max(0.0, seconds) * self.limit / self.period_s)

    def wait(self, level: float) -> float:
        """Return after how many seconds the charge fits on that level; 0 when it does now."""
        over = level + self.amount - self.limit if self.amount else level - self.limit
        if over < 0 or (self.amount and over <= 0):
            return 0.0
        return max(over * self.period_s / self.limit, 0.001)


@dataclass(frozen=True, kw_only=True)
class Wait:
    """What has been met, and after how many seconds to try again."""

    kind: str
    seconds: float


class Meter(Protocol):
    """Counts for all who share it; `who` is a caller, `lease` names one read of it."""

    async def admit(
        self, who: str, charges: tuple[Charge, ...], places: int | None, lease: str
    ) -> Wait | None:
        """Charge a read that begins and give it one of the `places`; or say what is met, charging nothing."""

    async def settle(self, who: str, charges: tuple[Charge, ...], lease: str) -> None:
        """Charge what a read has used, whether it fits or not, and give its place back."""

    async def close(self) -> None:
        """Give back what is open."""
