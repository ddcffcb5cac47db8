"""When a segment of the audit log ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """A segment ends at that size in bytes, or that long after its first line."""

    bytes_max: int = 64 << 20
    age_max: timedelta = timedelta(hours=24)


DAILY = Rotation()
