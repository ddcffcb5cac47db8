"""Waiting for what comes by itself, without waiting longer than it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(is_so: Callable[[], bool], seconds: float = 8.0) -> None:
    """Wait until something is so, the loop running on; AssertionError when it does not come."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.01)
