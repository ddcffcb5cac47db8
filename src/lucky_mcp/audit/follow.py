"""What is new in a directory of audit logs since the last look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lucky_mcp.audit.chain import fields_of
from lucky_mcp.audit.segment_files import segments_in
from lucky_mcp.errors import ConfigurationError

SEGMENTS_FIRST = 2


class Follower:
    """Remembers how far each segment was read; only whole lines count.

    The first look reads the last two segments of each chain: a log of years is not read to show its end.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[Path, int] = {}

    def fresh(self) -> list[list[Mapping[str, Any]]]:
        """Return the records that came since, of each chain in their order; or raise ConfigurationError."""
        chains: dict[str, list[Path]] = {}
        for segment in segments_in(self._directory):
            chains.setdefault(segment.chain, []).append(segment.path)
        return [
            [record for path in self._unread(paths) for record in self._lines(path)]
            for paths in chains.values()
        ]

    def _unread(self, paths: list[Path]) -> list[Path]:
        is_known = [path in self._read for path in paths]
        first = is_known.index(True) if any(is_known) else max(0, len(paths) - SEGMENTS_FIRST)
        return paths[first:]

    def _lines(self, path: Path) -> list[Mapping[str, Any]]:
        start = self._read.get(path, 0)
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
        except OSError as error:
            raise ConfigurationError(f"{path}: the audit log cannot be read ({error.strerror})") from None
        whole = data[: data.rfind(b"\n") + 1]
        self._read[path] = start + len(whole)
        records = map(fields_of, whole.splitlines())
        return [record for record in records if record and record.get("event") not in ("opened", "closed")]
