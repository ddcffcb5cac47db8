"""Where the server's own log goes, and in which form."""

from __future__ import annotations

import sys

import structlog


def log_to_stderr() -> None:
    """Log JSON lines to stderr: stdout carries the protocol, and tracebacks must not print local values."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        # Looked up for each line: whoever replaced stderr for a while may have closed it since.
        logger_factory=lambda *_: structlog.PrintLogger(file=sys.stderr),
    )
