"""Where the server's own log goes, and in which form: JSON lines on stderr, scrubbed, whoever writes them."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

import structlog

from lucky_mcp.telemetry.log_scrub import scrub_event, tell_exception

# Libraries that bring handlers of their own.
LIBRARIES: Final = ("fastmcp", "mcp", "uvicorn", "uvicorn.error", "uvicorn.access")

WARNINGS_MAX: Final = 10
WINDOW_SECONDS: Final = 60.0

_PROCESSORS: Final[list[structlog.types.Processor]] = [
    structlog.processors.add_log_level,
    tell_exception,
    scrub_event,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def log_to_stderr() -> None:
    """Log JSON lines to stderr: stdout carries the protocol, and tracebacks must not print local values.

    What libraries log through `logging` takes the same way, from WARNING on.
    """
    structlog.configure(
        processors=[*_PROCESSORS, structlog.processors.JSONRenderer()],
        # Looked up for each line: whoever replaced stderr for a while may have closed it since.
        logger_factory=lambda *_: structlog.PrintLogger(file=sys.stderr),
    )
    root = logging.getLogger()
    if not any(isinstance(each, _ToStderr) for each in root.handlers):
        root.addHandler(_ToStderr())
    take_over()


def take_over() -> None:
    """Have the libraries log through ours alone; call it again once they are imported."""
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


class WarningBound(logging.Filter):
    """Lets `WARNINGS_MAX` warnings of each place in the code pass in a minute; errors always.

    Libraries warn of each request that is no HTTP, or comes when there are too many: whoever reaches the port
    could fill the disk. `ticks` gives seconds.
    """

    def __init__(self, ticks: Callable[[], float]) -> None:
        super().__init__()
        self._ticks = ticks
        self._window = ticks()
        self._seen: Counter[tuple[str, int]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.levelno > logging.WARNING:
            return True
        if self._ticks() - self._window >= WINDOW_SECONDS:
            self._seen.clear()
            self._window = self._ticks()
        place = (record.pathname, record.lineno)
        self._seen[place] += 1
        return self._seen[place] <= WARNINGS_MAX


class _ToStderr(logging.StreamHandler[TextIO]):
    """Writes to standard error as it is when a line is written; servers and tests exchange it."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setLevel(logging.WARNING)
        self.addFilter(WarningBound(time.monotonic))
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[structlog.stdlib.add_logger_name],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_PROCESSORS,
                    structlog.processors.JSONRenderer(),
                ],
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a line is missing; the library would print its arguments, which nobody has scrubbed."""
        failure = sys.exc_info()[0]
        why = failure.__name__ if failure is not None else "unknown"
        line = {"event": "a log line could not be written", "logger": record.name, "why": why}
        with suppress(OSError, ValueError):  # standard error itself is full or closed
            sys.stderr.write(json.dumps(line) + "\n")
