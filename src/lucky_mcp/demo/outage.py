"""The one thing that goes wrong on the last day, for briefings and anomaly questions to find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

_STORE_ID: Final = 10_005
_KEPT_SHARE: Final = 0.40
_LAST_HOUR: Final = 10


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A store that stops in the morning: it keeps a share of its usual day, all of it up to `last_hour`."""

    store_id: int
    day: date
    kept_share: float
    last_hour: int

    def hits(self, store_id: int, day: date) -> bool:
        """Return whether this store on this day is the one that stopped."""
        return (store_id, day) == (self.store_id, self.day)


def outage_on(end: date) -> Outage:
    """Return the outage of a fleet that ends on `end`: 54th & 8th sells 60 % less than on a usual day."""
    return Outage(store_id=_STORE_ID, day=end, kept_share=_KEPT_SHARE, last_hour=_LAST_HOUR)
