"""Rows that are put together here, for a fetch that takes a few at a time."""

from __future__ import annotations

from collections.abc import Iterable


class Rows:
    """A cursor over rows that exist already, or come into being one by one."""

    def __init__(self, rows: Iterable[tuple[object, ...]]) -> None:
        self._rows = iter(rows)

    def fetchmany(self, size: int, /) -> list[tuple[object, ...]]:
        """Return up to `size` further rows."""
        return [row for _, row in zip(range(size), self._rows, strict=False)]
