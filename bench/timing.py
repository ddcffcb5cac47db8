"""Times of many calls, and how they are said."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any


def timed(call: Callable[[], object]) -> float:
    """Return how many seconds of this thread's processor one call takes: others on the machine do not count."""
    start = time.thread_time()
    call()
    return time.thread_time() - start


def elapsed(call: Callable[[], object]) -> float:
    """Return how many seconds pass during one call, for calls too short for the processor's clock."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time that `share` of all times do not exceed."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def shown(seconds: float) -> str:
    """Return milliseconds with three digits."""
    return f"{seconds * 1000:.3f}"


def row(name: str, times: Sequence[float], floor: Sequence[float]) -> tuple[str, ...]:
    """Return one line of a table: p50, p99, max in milliseconds, and p50 as a multiple of the floor's."""
    ratio = percentile(times, 0.5) / percentile(floor, 0.5)
    cells = (percentile(times, 0.5), percentile(times, 0.99), max(times))
    return (name, *(shown(each) for each in cells), f"{ratio:.2f}")


@contextmanager
def watched(steps: Mapping[str, Sequence[tuple[ModuleType, str]]]) -> Iterator[dict[str, float]]:
    """Sum up the time that is spent in each step's functions, by the names they are called by."""
    spent: dict[str, float] = defaultdict(float)
    originals = [(module, name, getattr(module, name)) for each in steps.values() for module, name in each]

    def watch(step: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any, **kwargs: Any) -> Any:
            start = time.thread_time()
            try:
                return original(*args, **kwargs)
            finally:
                spent[step] += time.thread_time() - start

        return measured

    for step, places in steps.items():
        for module, name in places:
            setattr(module, name, watch(step, getattr(module, name)))
    try:
        yield spent
    finally:
        for module, name, original in originals:
            setattr(module, name, original)
