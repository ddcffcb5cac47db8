"""Cells longer than the bound are cut, and counted so that the cut can be announced."""

from __future__ import annotations

from collections.abc import Sequence

CUT_SIGN = "…"


def cut_cells(
    rows: Sequence[tuple[object, ...]], chars_max: int
) -> tuple[tuple[tuple[object, ...], ...], int]:
    """Return the rows with long text cut to `chars_max` characters and a sign, and how many cells were cut.

    A value that is not text but would be written longer (a list, a struct, bytes) becomes its cut text.
    """
    cut = 0
    shortened = []
    for row in rows:
        cells = []
        for cell in row:
            short = _shortened(cell, chars_max)
            cut += short is not cell
            cells.append(short)
        shortened.append(tuple(cells))
    return tuple(shortened), cut


def _shortened(cell: object, chars_max: int) -> object:
    if isinstance(cell, str):
        return cell if len(cell) <= chars_max else cell[:chars_max] + CUT_SIGN
    if isinstance(cell, bytes):
        return cell if 2 * len(cell) <= chars_max else cell.hex()[:chars_max] + CUT_SIGN
    if isinstance(cell, list | dict | tuple):
        text = str(cell)
        return cell if len(text) <= chars_max else text[:chars_max] + CUT_SIGN
    return cell
