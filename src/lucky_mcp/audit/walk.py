"""One segment, line by line: which lines are as they were sealed, and which are not."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lucky_mcp.audit.chain import START, Tail, fields_of, is_sealed, mac_of
from lucky_mcp.audit.keys import AuditKey, AuditKeys
from lucky_mcp.errors import ConfigurationError

Heard = Callable[[int, bytes], None]
_OPENED = {
    "chain": str,
    "seq": int,
    "segment": int,
    "key": str,
    "at": str,
    "others": list,
    "prev": str,
    "prev_bytes": int,
    "torn": int,
    "torn_sha256": str,
}
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(kw_only=True)
class Walked:
    """What a segment holds: `good` is the chain's tail after its first good lines, which take `good_bytes`.

    `bad` are the 1-based numbers of lines that are not as they were sealed. `last` is the seal of the last
    line, by which the next segment can be told even when lines before it are bad. `why` says why nothing of
    the segment can be checked, "" otherwise.
    """

    opened: dict[str, Any] = field(default_factory=dict)
    key: AuditKey | None = None
    good: Tail = field(default_factory=Tail)
    good_bytes: int = 0
    size: int = 0
    lines: int = 0
    bad: list[int] = field(default_factory=list)
    last: bytes = START
    ends_closed: bool = False
    why: str = ""

    @property
    def torn(self) -> int:
        """Bytes behind the good lines."""
        return self.size - self.good_bytes


def walk(path: Path, keys: AuditKeys, heard: Heard | None = None) -> Walked:
    """Check each line of a segment; `heard` gets the number in the chain and the seal of every good one.

    ConfigurationError when the file cannot be read.
    """
    found = Walked()
    try:
        with path.open("rb") as file:
            for line in file:
                _take(found, line, keys, heard)
            found.size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise ConfigurationError(f"{path}: the audit log cannot be read ({error.strerror})") from None
    if not found.lines:
        found.why = "it is empty"
    return found


def torn_digest(path: Path, good_bytes: int) -> str:
    """Return the SHA-256 of what stands behind the good lines of a segment, "" when nothing does."""
    with path.open("rb") as file:
        file.seek(good_bytes)
        rest = file.read()
    return hashlib.sha256(rest).hexdigest() if rest else ""


def _take(found: Walked, line: bytes, keys: AuditKeys, heard: Heard | None) -> None:
    found.lines += 1
    if found.lines == 1:
        _begin(found, line, keys)
    if found.key is None:
        return
    if is_sealed(line, found.last, found.key.chain):
        # A line behind a bad one may be good by itself; what it stands on is not.
        if not found.bad:
            found.good = Tail(seq=found.good.seq + 1, mac=mac_of(line) or START)
            found.good_bytes += len(line)
            if heard is not None:
                heard(found.good.seq, line)
        found.ends_closed = line.startswith(b'{"event":"closed",')
    else:
        found.bad.append(found.lines)
    found.last = mac_of(line) or found.last


def _begin(found: Walked, line: bytes, keys: AuditKeys) -> None:
    opened = fields_of(line) or {}
    has_all = all(isinstance(opened.get(name), kind) for name, kind in _OPENED.items())
    if opened.get("event") != "opened" or not has_all or not _DIGEST.fullmatch(opened["prev"]):
        found.why = "its first line is gone or damaged"
        return
    found.key = keys.find(str(opened.get("key")))
    if found.key is None:
        found.why = f"it is sealed with a key that is not at hand, id {str(opened.get('key'))[:16]}"
        return
    found.last = bytes.fromhex(opened["prev"])
    found.good = Tail(seq=opened["seq"] - 1, mac=found.last)
    found.opened = opened
