"""Old segments are removed whole, from the beginning of their chains, and the log says up to where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from lucky_mcp.audit.finished import finished_in
from lucky_mcp.audit.read_log import records_in
from lucky_mcp.audit.segment_files import SegmentFile, segments_in
from lucky_mcp.errors import ConfigurationError

EXPORTED = "audit.exported"


def to_prune(directory: Path, before: datetime, *, exported: bool) -> tuple[SegmentFile, ...]:
    """Return the segments that end before a time, of each chain from its first on without a gap.

    With `exported` those alone that the log says were exported. The last segment of a chain always stays.
    """
    sent = _exported(records_in([directory])) if exported else None
    found: dict[str, list[SegmentFile]] = {}
    finished = finished_in(directory)
    for chain in dict.fromkeys(each.segment.chain for each in finished):
        own = [each for each in finished if each.segment.chain == chain]
        old = takewhile(lambda each: each.ended < before and (sent is None or each.segment.name in sent), own)
        found[chain] = [each.segment for each in old]
    return tuple(segment for segments in found.values() for segment in segments)


def pruned_to(directory: Path, removed: tuple[SegmentFile, ...]) -> tuple[str, ...]:
    """Return for each chain that lacks its beginning, or will, the name of the last segment that is gone."""
    gone = {each.chain: each.name for each in removed}
    first: dict[str, SegmentFile] = {}
    for segment in segments_in(directory):
        first.setdefault(segment.chain, segment)
    for chain, segment in first.items():
        if chain not in gone and segment.number > 1:
            gone[chain] = f"{chain}-{segment.number - 1:06d}"
    return tuple(gone.values())


def remove(segments: tuple[SegmentFile, ...]) -> None:
    """Remove the segments, the first first; ConfigurationError when one cannot be removed."""
    for segment in segments:
        try:
            segment.path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{segment.path}: it cannot be removed ({error.strerror})") from None


def _exported(records: Any) -> frozenset[str]:
    found: list[Mapping[str, Any]] = [record for record in records if record.get("kind") == EXPORTED]
    return frozenset(str(record.get("target")) for record in found)
