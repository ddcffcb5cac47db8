"""Reads rows from a cursor until a bound is met: one huge cell must not fill the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.adapters.cells import cut_cells

BATCH_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """Rows under the bounds; bytes are those of the cells as text in UTF-8, `cells_cut` of the long ones."""

    rows: list[tuple[object, ...]]
    bytes: int
    bytes_met: bool
    cells_cut: int

    def named(self, columns: tuple[str, ...]) -> EngineRows:
        """Return the rows under the names of their columns."""
        return EngineRows(
            columns=columns,
            rows=self.rows,
            bytes=self.bytes,
            bytes_met=self.bytes_met,
            cells_cut=self.cells_cut,
        )


class Cursor(Protocol):
    """The part of the DB-API that is needed here."""

    def fetchmany(self, size: int, /) -> Sequence[tuple[object, ...]]:
        """Return up to `size` further rows, none at the end."""


def fetch_bounded(cursor: Cursor, *, rows_max: int, bytes_max: int, cell_chars_max: int) -> Fetched:
    """Return the rows up to the bounds; cells are cut before they are counted.

    One row beyond `rows_max` is kept as the sign that more exist. The row that would break the byte bound
    is not returned, be it the first. Batches grow from one row: wide rows are not fetched by the hundred.
    """
    rows: list[tuple[object, ...]] = []
    total = cut = 0
    batch_rows = 1
    while len(rows) <= rows_max:
        batch = cursor.fetchmany(min(batch_rows, rows_max + 1 - len(rows)))
        if not batch:
            break
        for wide in batch:
            (row,), cut_in_row = cut_cells((wide,), cell_chars_max)
            size = sum(_cell_bytes(cell) for cell in row)
            if total + size > bytes_max:
                return Fetched(rows=rows, bytes=total, bytes_met=True, cells_cut=cut)
            total += size
            cut += cut_in_row
            rows.append(row)
        batch_rows = min(2 * batch_rows, BATCH_ROWS)
    return Fetched(rows=rows, bytes=total, bytes_met=False, cells_cut=cut)


def _cell_bytes(cell: object) -> int:
    if cell is None:
        return 1
    if isinstance(cell, str):
        return len(cell.encode("utf-8", "surrogatepass")) + 1
    if isinstance(cell, bytes):
        return 2 * len(cell) + 1
    return len(str(cell)) + 1
