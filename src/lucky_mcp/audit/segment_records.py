"""The two records that an audit log has about itself: where a segment begins, and where it was ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The first line of each segment: what it goes on from.

    `key` is the id of the key that seals this segment. `prev` is the seal of the last good line of the
    segment before, whose good lines take `prev_bytes`; `torn` bytes stand behind them, as a crash leaves
    them, with their SHA-256. A `seq` that is not the next says that lines in between were gone. `others` are
    the heads of the directory's other chains at that moment, `chain:seq:mac`.
    """

    event: ClassVar[str] = "opened"

    at: str
    segment: int
    key: str
    prev: str
    prev_bytes: int
    torn: int
    torn_sha256: str
    host: str
    pid: int
    others: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Closed:
    """The last line of a segment that was ended for its `size` in bytes or its `age`."""

    event: ClassVar[str] = "closed"

    at: str
    why: str
