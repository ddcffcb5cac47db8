"""Whether this process takes new calls, and the calls that are still open when it is told to stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")

# How long a call that was cancelled may take to end its query and write its record.
ENDING_SECONDS = 10.0


class Stopping(Exception):
    """A call was refused, or ended before its answer, because this process stops; it may be made again."""


class Drain:
    """The open calls of one process; readiness is `is_ready`, which is never True again once it was False."""

    def __init__(self) -> None:
        self._is_ready = True
        self._open: set[anyio.CancelScope] = set()
        self._ended: anyio.Event | None = None

    @property
    def is_ready(self) -> bool:
        """Whether new calls are taken."""
        return self._is_ready

    @property
    def calls(self) -> int:
        """How many calls are open."""
        return len(self._open)

    async def answer(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a call and return what it returns; Stopping when it is not begun, or not ended in time."""
        if not self._is_ready:
            raise Stopping
        with anyio.CancelScope() as scope:
            self._open.add(scope)
            try:
                return await call()
            finally:
                self._open.discard(scope)
                if self._ended is not None:
                    self._ended.set()
        raise Stopping

    async def finish(self, grace_s: float) -> None:
        """Refuse new calls, wait for the open ones, and cancel what is still open after `grace_s` seconds."""
        self._is_ready = False
        with anyio.move_on_after(grace_s):
            await self._until_idle()
        for scope in list(self._open):
            scope.cancel()
        with anyio.move_on_after(ENDING_SECONDS):
            await self._until_idle()

    async def _until_idle(self) -> None:
        while self._open:
            self._ended = anyio.Event()
            await self._ended.wait()
