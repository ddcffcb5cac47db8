"""Lifetimes and sizes in classes: what is told of a value that is not shown, and of its size in any case."""

from __future__ import annotations

from lucky_mcp.adapters.redis_line import Command, Reply

NO_TTL, GONE = -1, -2
_AGES = ((60, "under a minute"), (3_600, "under an hour"), (86_400, "under a day"))
UNKNOWN_SIZE = "not known"
MEMBERS_MEASURED = 50


def ttl_class(milliseconds: int) -> str:
    """Return how long a key lives: `none`, `under an hour`."""
    if milliseconds == NO_TTL:
        return "none"
    return next((word for seconds, word in _AGES if milliseconds < seconds * 1000), "a day or more")


def ttl_seconds(milliseconds: int) -> str:
    """Return how long a key lives, in seconds."""
    return "none" if milliseconds == NO_TTL else f"{max(0, round(milliseconds / 1000))} s"


def size_of(key: str) -> Command:
    """Return what asks how much memory a key takes, of a large one by some of its members."""
    return ("MEMORY USAGE", key, "SAMPLES", MEMBERS_MEASURED)


def size_class(size: Reply) -> str:
    """Return bytes as a power of ten: `100 to 999 bytes`."""
    if not isinstance(size, int) or isinstance(size, bool):
        return UNKNOWN_SIZE
    low = 10 ** (len(str(max(size, 1))) - 1)
    return f"{low:,} to {low * 10 - 1:,} bytes"
