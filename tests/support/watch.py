"""Stops what takes too long, from one thread that looks now and then: a timer for every query would cost more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LOOK_SECONDS = 0.25


@dataclass
class Watched:
    """Something that runs now; `was_stopped` says that its time was up."""

    stop: Callable[[], object]
    deadline: float
    was_stopped: bool = False


class _Watch:
    def __init__(self) -> None:
        self._current: Watched | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, stop: Callable[[], object], seconds: float) -> Iterator[Watched]:
        """Call `stop` again and again once the block has taken `seconds`; blocks are not nested."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
            self._thread.start()
        watched = Watched(stop, time.monotonic() + seconds)
        self._current = watched
        try:
            yield watched
        finally:
            with self._lock:
                self._current = None

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                watched = self._current
                if watched is not None and time.monotonic() > watched.deadline:
                    watched.was_stopped = True
                    watched.stop()


over = _Watch().over
