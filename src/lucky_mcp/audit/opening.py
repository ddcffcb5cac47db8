"""What a segment says of itself in its first line."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path

from lucky_mcp.audit.chain import Tail
from lucky_mcp.audit.head import read_head
from lucky_mcp.audit.keys import AuditKeys
from lucky_mcp.audit.segment_files import chains_in, segment_path
from lucky_mcp.audit.segment_records import Opened
from lucky_mcp.audit.walk import torn_digest

OTHERS_MAX = 64


def opened(
    directory: Path, chain: str, keys: AuditKeys, *, at: datetime, number: int, tail: Tail, size: int
) -> Opened:
    """Return the first record of the segment after `number`, whose good lines are `size` bytes long."""
    path = segment_path(directory, chain, number)
    torn = torn_digest(path, size) if number and path.exists() else ""
    return Opened(
        at=at.isoformat(timespec="milliseconds"),
        segment=number + 1,
        key=keys.current.id,
        prev=tail.mac.hex(),
        prev_bytes=size,
        torn=path.stat().st_size - size if torn else 0,
        torn_sha256=torn,
        host=socket.gethostname(),
        pid=os.getpid(),
        others=_others(directory, chain, keys),
    )


def _others(directory: Path, own: str, keys: AuditKeys) -> tuple[str, ...]:
    others = [chain for chain in chains_in(directory) if chain != own]
    heads = [(chain, read_head(directory, chain, keys)) for chain in others[-OTHERS_MAX:]]
    return tuple(f"{chain}:{head.tail.seq}:{head.tail.mac.hex()}" for chain, head in heads if head)
