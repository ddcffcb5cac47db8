"""Lines that cannot be changed unseen: each is sealed over itself and the seal of the line before.

A line is `{"event":…,…,"chain":"4f2a9c1e","seq":12,"mac":"…"}`. Its seal `mac` is the HMAC-SHA256 of the mac
before (32 bytes) and of all that stands before `,"mac"`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

MAC_BYTES = 32
START = bytes(MAC_BYTES)
"""What stands for the seal before the first line of a chain."""

_END = re.compile(rb',"mac":"([0-9a-f]{64})"\}\n\Z')
_MARK_BYTES = len(',"mac":""}\n') + 2 * MAC_BYTES


@dataclass(frozen=True, kw_only=True)
class Tail:
    """The end of a chain: the number of its last line (0: none yet) and that line's seal."""

    seq: int = 0
    mac: bytes = START


def sealed(line: bytes, *, chain: str, tail: Tail, key: bytes) -> tuple[bytes, Tail]:
    """Return a record's line as the next of a chain, and the chain's tail with it."""
    seq = tail.seq + 1
    body = line.removesuffix(b"}\n") + f',"chain":"{chain}","seq":{seq}'.encode("ascii")
    mac = _mac(key, tail.mac, body)
    return body + b',"mac":"' + mac.hex().encode("ascii") + b'"}\n', Tail(seq=seq, mac=mac)


def is_sealed(line: bytes, before: bytes, key: bytes) -> bool:
    """Whether a line, its end included, is byte for byte what the key sealed after the seal `before`."""
    found = _END.search(line)
    if found is None:
        return False
    return hmac.compare_digest(
        _mac(key, before, line[:-_MARK_BYTES]), bytes.fromhex(found[1].decode("ascii"))
    )


def mac_of(line: bytes) -> bytes | None:
    """Return the seal that stands at a line's end, whether it is right or not; None when there is none."""
    found = _END.search(line)
    return bytes.fromhex(found[1].decode("ascii")) if found else None


def fields_of(line: bytes) -> dict[str, Any] | None:
    """Return a line's fields; None when it is not an object in JSON."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _mac(key: bytes, before: bytes, body: bytes) -> bytes:
    return hmac.digest(key, before + body, hashlib.sha256)
