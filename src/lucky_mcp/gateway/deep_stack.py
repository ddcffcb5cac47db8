"""Runs a function on a thread whose stack is large enough for whatever the parser may be sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

LARGE_SQL_CHARS = 2_000
# The longest accepted text needs about 75 MB when every character opens a level. Only used pages cost memory.
STACK_BYTES = 256 << 20

_starting = threading.Lock()


async def parsing(sql: str, function: Callable[[], T]) -> T:
    """Return the result of what parses this text, on a thread of its own where it is a long one."""
    return await on_deep_stack(function) if len(sql) >= LARGE_SQL_CHARS else function()


async def on_deep_stack(function: Callable[[], T]) -> T:
    """Return the function's result or raise what it raised; if the caller is cancelled it ends by itself."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, failure: BaseException | None) -> None:
        if done.cancelled():
            return
        if failure is not None:
            done.set_exception(failure)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = function()
        except BaseException as raised:  # handed over to the caller, whatever it is
            failure = raised
        with suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    _start(threading.Thread(target=run, name="prepare", daemon=True))
    return await done


def _start(thread: threading.Thread) -> None:
    with _starting:  # the size is a setting of the process, read when a thread starts
        before = threading.stack_size(STACK_BYTES)
        try:
            thread.start()
        finally:
            threading.stack_size(before)
