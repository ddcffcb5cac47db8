"""Whether what was measured at quiet moments has grown: judged over all of a run after its first part."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import combinations


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A server at a moment in which nothing is asked of it."""

    minutes: float
    calls: int
    memory_mb: float
    threads: int
    files: int
    tasks: int
    connections: int


# By how much a number may stand above all that it was at the start: what is kept for the next read comes and goes.
ROOM = {"threads": 4, "files": 8, "tasks": 4, "connections": 0}


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """How much memory may grow: at all between the first and the last third, and a minute in a long run."""

    memory_mb: float = 24.0
    memory_mb_per_minute: float = 1.0
    long_minutes: float = 10.0


def grown(warm: Sequence[Sample], measured: Sequence[Sample], allowed: Allowed | None = None) -> list[str]:
    """Return what has grown, in words; `warm` are the samples of the start, to which nothing is compared but room."""
    allowed = allowed or Allowed()
    if not warm or len(measured) < 3:
        return [f"{len(warm)} and {len(measured)} samples are too few"]
    found = []
    for name, room in ROOM.items():
        before, after = [getattr(each, name) for each in warm], [getattr(each, name) for each in measured]
        if min(after[len(after) // 2 :]) > max(before) + room:
            found.append(f"{name}: {before} at the start, then {after}")
    memory = [each.memory_mb for each in measured]
    third = max(1, len(memory) // 3)
    more = statistics.median(memory[-third:]) - statistics.median(memory[:third])
    if more > allowed.memory_mb:
        found.append(f"memory: {more:.1f} MB more in the last third than in the first: {rounded(memory)}")
    span = measured[-1].minutes - measured[0].minutes
    if span >= allowed.long_minutes:
        slope = statistics.median(
            (b.memory_mb - a.memory_mb) / (b.minutes - a.minutes)
            for a, b in combinations(measured, 2)
            if b.minutes > a.minutes
        )
        if slope > allowed.memory_mb_per_minute:
            found.append(f"memory: {slope:.2f} MB a minute: {rounded(memory)}")
    return found


def rounded(numbers: Sequence[float]) -> list[float]:
    """Short enough to be read."""
    return [round(each, 1) for each in numbers]


def table(samples: Sequence[Sample]) -> str:
    """The samples for people."""
    names = [field.name for field in fields(Sample)]
    rows = [names, *([f"{getattr(each, name):.1f}".removesuffix(".0") for name in names] for each in samples)]
    return "\n".join("  ".join(f"{cell:>11}" for cell in row) for row in rows)
