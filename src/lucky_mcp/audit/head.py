"""The head of a chain: how far it is known to be on the disk, and the lock of the process that writes it."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path

from lucky_mcp.audit.chain import Tail, fields_of
from lucky_mcp.audit.keys import AuditKey, AuditKeys
from lucky_mcp.audit.segment_files import head_path

_BYTES = 256
_MODE = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a head says: the line `seq` of the chain, sealed `mac`, is on the disk, in that segment."""

    segment: int
    tail: Tail


class HeadFile:
    """The head of one chain, held alone by this process until it is closed."""

    def __init__(self, chain: str, fd: int) -> None:
        self.chain = chain
        self._fd = fd

    def write(self, head: Head, key: AuditKey) -> None:
        """Replace what the head says; OSError when it cannot be written."""
        body = json.dumps(
            {
                "chain": self.chain,
                "segment": head.segment,
                "seq": head.tail.seq,
                "mac": head.tail.mac.hex(),
                "key": key.id,
            },
            separators=(",", ":"),
        )
        text = f'{body[:-1]},"seal":"{_seal(key, body)}"}}'.ljust(_BYTES - 1) + "\n"
        if os.pwrite(self._fd, text.encode("ascii"), 0) != _BYTES:
            raise OSError("short write of the head")

    def close(self) -> None:
        """Let another process go on with the chain."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


def take_head(directory: Path, chain: str, *, new: bool = False) -> HeadFile | None:
    """Lock the head of a chain; None while another writer has it. OSError when it cannot be opened."""
    fd = os.open(head_path(directory, chain), _MODE | (os.O_CREAT | os.O_EXCL if new else 0), 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
    return HeadFile(chain, fd)


def read_head(directory: Path, chain: str, keys: AuditKeys) -> Head | None:
    """Return what a head says; None when it is not there, not whole or not sealed by a known key."""
    raw = head_bytes(directory, chain)
    found = fields_of(raw) if raw is not None else None
    if raw is None or found is None or len(raw) != _BYTES:
        return None
    try:
        seal, key = found.pop("seal"), keys.find(found["key"])
        head = Head(
            segment=int(found["segment"]), tail=Tail(seq=int(found["seq"]), mac=bytes.fromhex(found["mac"]))
        )
    except (KeyError, TypeError, ValueError):
        return None
    body = json.dumps(found, separators=(",", ":"))
    text = f'{body[:-1]},"seal":"{seal}"}}'.ljust(_BYTES - 1) + "\n"
    if key is None or found.get("chain") != chain or text.encode("ascii", "replace") != raw:
        return None
    return head if hmac.compare_digest(_seal(key, body), str(seal)) else None


def head_bytes(directory: Path, chain: str) -> bytes | None:
    """Return what is in the file of a head, None when it cannot be read.

    Nothing is in it when a process was killed while it began its chain.
    """
    try:
        return head_path(directory, chain).read_bytes()
    except OSError:
        return None


def _seal(key: AuditKey, body: str) -> str:
    return hmac.digest(key.chain, b"head\0" + body.encode("ascii"), hashlib.sha256).hex()
