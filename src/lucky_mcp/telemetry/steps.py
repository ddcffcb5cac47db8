"""Timing: one step of the guard, and one statement in a database, each as a metric and a span."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from lucky_mcp.telemetry.instruments import AUDIT_SYNC_SECONDS, DATABASE_SECONDS, STEP_SECONDS
from lucky_mcp.telemetry.spans import span

FileSync = Callable[[int], None]
STEPS: Final = ("parse", "allow", "resolve", "decide", "enforce", "verify")
_SECONDS: Final = {name: STEP_SECONDS.labels(name) for name in STEPS}


@contextmanager
def step(name: str) -> Iterator[None]:
    """Time the block as one of STEPS; `verify` is a part of `enforce`."""
    with span(f"guard {name}", step=name):
        began = time.perf_counter()
        try:
            yield
        finally:
            _SECONDS[name].observe(time.perf_counter() - began)


@contextmanager
def statement(source: str, engine: str) -> Iterator[None]:
    """Time the block as one statement in a source's database."""
    with span("database", source=source, engine=engine):
        began, outcome = time.perf_counter(), "failed"
        try:
            yield
            outcome = "ok"
        finally:
            DATABASE_SECONDS.labels(engine, outcome).observe(time.perf_counter() - began)


def timed_sync(sync_file: FileSync) -> FileSync:
    """Return what does the same for a file's descriptor, and is timed."""

    def timed(descriptor: int) -> None:
        with AUDIT_SYNC_SECONDS.time():
            sync_file(descriptor)

    return timed
