"""How much one caller may ask for over time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@dataclass(frozen=True, kw_only=True)
class Quota:
    """Limits of one caller over all its reads; None is no limit.

    `reads_at_once` counts reads under way, refusals and waiting included. `redshift_seconds_per_day` counts
    the time that its reads of Redshift took, `cost_explorer_calls_per_day` calls that cost money each.
    """

    calls_per_minute: int | None = None
    reads_at_once: int | None = None
    rows_per_hour: int | None = None
    bytes_per_hour: int | None = None
    redshift_seconds_per_day: int | None = None
    cost_explorer_calls_per_day: int | None = None

    def smaller_of(self, other: Quota) -> Quota:
        """Return the smaller limit of each kind."""
        found = {}
        for field in fields(Quota):
            both = [getattr(each, field.name) for each in (self, other)]
            known = [limit for limit in both if limit is not None]
            found[field.name] = min(known) if known else None
        return Quota(**found)

    def changed_by(self, other: Quota) -> Quota:
        """Return this with the limits that `other` has in place of its own."""
        given = {f.name: getattr(other, f.name) for f in fields(Quota) if getattr(other, f.name) is not None}
        return replace(self, **given)


NO_LIMITS = Quota()

PERIODS = {
    "calls_per_minute": MINUTE,
    "rows_per_hour": HOUR,
    "bytes_per_hour": HOUR,
    "redshift_seconds_per_day": DAY,
    "cost_explorer_calls_per_day": DAY,
}
"""Over how many seconds each kind is counted."""
