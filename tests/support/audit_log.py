"""Audit logs in tests: a sink with a key of its own, and what stands in a directory's segments."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lucky_mcp.audit.keys import AuditKey, AuditKeys, key_of
from lucky_mcp.audit.rotation import DAILY, Rotation
from lucky_mcp.audit.segment_files import segments_in
from lucky_mcp.audit.segmented import SegmentedSink

KEY: AuditKey = key_of(b"only tests know this secret of 41 bytes..")
OTHER_KEY: AuditKey = key_of(b"another secret that only tests know, 0815")
KEYS = AuditKeys(current=KEY)
ABOUT_ITSELF = {"opened", "closed"}


def now() -> datetime:
    return datetime.now(UTC)


def audit_sink(
    directory: Path,
    *,
    keys: AuditKeys = KEYS,
    clock: Callable[[], datetime] = now,
    rotation: Rotation = DAILY,
    **faults: Any,
) -> SegmentedSink:
    """Return a sink that writes to a directory; `faults` stand in for os.write and os.fsync."""
    return SegmentedSink(directory, keys, now=clock, rotation=rotation, **faults)


def files(directory: Path) -> list[Path]:
    """The segments of a directory."""
    return [segment.path for segment in segments_in(directory)]


def records(directory: Path) -> list[dict[str, Any]]:
    """Every whole record in a directory, without those that the log has about itself."""
    found = []
    for path in files(directory):
        for line in path.read_text(encoding="ascii", errors="replace").split("\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return [record for record in found if record["event"] not in ABOUT_ITSELF]
