"""Segments that nobody writes any more: each that has another behind it in its chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from lucky_mcp.audit.chain import fields_of
from lucky_mcp.audit.segment_files import SegmentFile, segments_in
from lucky_mcp.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A segment, and when the next of its chain was begun: all that it holds is older."""

    segment: SegmentFile
    ended: datetime


def finished_in(directory: Path) -> tuple[Finished, ...]:
    """Return the finished segments by chain and number; ConfigurationError for one that is damaged there."""
    segments = segments_in(directory)
    return tuple(
        Finished(segment=each, ended=_begun(after))
        for each, after in pairwise(segments)
        if each.chain == after.chain
    )


def _begun(segment: SegmentFile) -> datetime:
    try:
        with segment.path.open("rb") as file:
            opened = fields_of(file.readline()) or {}
        return datetime.fromisoformat(opened["at"])
    except (OSError, KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"{segment.name}: its first line cannot be read; run: lucky-mcp audit verify"
        ) from None
