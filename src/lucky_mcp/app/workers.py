"""Several processes behind one port: each serves by itself, and one that ends is begun again."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

# A worker that ends again and again is begun again less and less often.
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 1.0, 30.0
LASTED_SECONDS = 60.0
LOOK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker is told: its number from 0, and how it speaks with the process that began it.

    `ready` is written once requests are answered; `parent` ends when the one that began it is gone.
    """

    number: int
    ready: int
    parent: int


Serve = Callable[[Worker], int]
"""Serves until told to stop; the exit code of the process."""


@dataclass(kw_only=True)
class Workers:
    """Begins `count` processes that call `serve`, and keeps them running until a signal ends all.

    `when_ready` is called once, when every one of them answers. A worker that ends before it ever answered
    ends all, with its exit code: what is wrong with it is wrong with the others.
    """

    count: int
    serve: Serve
    when_ready: Callable[[], None]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _running: dict[int, tuple[int, float]] = field(default_factory=dict)
    _stopping: bool = False

    def serve_until_told(self) -> int:
        """Serve until SIGTERM or SIGINT; the exit code of the whole."""
        alive, parent = os.pipe()
        heard, ready = os.pipe()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        try:
            for number in range(self.count):
                self._begin(Worker(number=number, ready=ready, parent=alive), (parent, heard))
            os.close(ready)
            failed = self._wait_until_ready(heard)
            if failed is not None or self._stopping:
                return self._end(0 if self._stopping else failed or 0)
            self.when_ready()
            return self._end(self._keep(alive, parent))
        finally:
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            for end in (alive, parent, heard):
                os.close(end)

    def _begin(self, worker: Worker, not_its_own: tuple[int, ...]) -> None:
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self._running[pid] = (worker.number, self.clock())
            return
        code = 1
        try:
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            for end in not_its_own:
                os.close(end)
            code = self.serve(worker)
        finally:
            # What the parent would do at its end is the parent's to do.
            sys.stderr.flush()
            os._exit(code)

    def _wait_until_ready(self, heard: int) -> int | None:
        """Wait for a word of each; the exit code of the first that ended instead, None when all said it."""
        said = 0
        while said < self.count and not self._stopping:
            if select.select([heard], [], [], LOOK_SECONDS)[0]:
                said += len(os.read(heard, self.count))
            ended = self._ended(os.WNOHANG)
            if ended is not None:
                return ended[1] or 1
        return None

    def _keep(self, alive: int, parent: int) -> int:
        pause = PAUSE_SECONDS
        while not self._stopping:
            ended = self._ended(0)
            if ended is None or self._stopping:
                break
            (number, began), code = ended
            lasted = self.clock() - began
            pause = PAUSE_SECONDS if lasted > LASTED_SECONDS else min(2 * pause, PAUSE_SECONDS_MAX)
            log.error("a worker ended and is begun again", worker=number, code=code, pause_s=pause)
            self.sleep(pause)
            if not self._stopping:
                unheard = os.open(os.devnull, os.O_WRONLY)
                self._begin(Worker(number=number, ready=unheard, parent=alive), (parent,))
                os.close(unheard)
        return 0

    def _ended(self, options: int) -> tuple[tuple[int, float], int] | None:
        """Return ((number, begun at), exit code) of a worker that ended; None when there is none."""
        try:
            pid, status = os.waitpid(-1, options)
        except ChildProcessError:
            return None
        return (self._running.pop(pid), os.waitstatus_to_exitcode(status)) if pid else None

    def _end(self, code: int) -> int:
        """Tell those that run to stop, and wait for them."""
        self._stop(signal.SIGTERM, None)
        while self._running and self._ended(0) is not None:
            pass
        return code

    def _stop(self, number: int, _: FrameType | None) -> None:
        self._stopping = True
        for pid in tuple(self._running):
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue


def say_ready(worker: Worker) -> None:
    """Tell the process that began this worker that requests are answered."""
    os.write(worker.ready, b".")
