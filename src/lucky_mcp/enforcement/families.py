"""Families of types whose values compare with each other on every server and never fail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from lucky_mcp.catalog.column_types import (
    BOOLEANS,
    DATES,
    DECIMALS,
    FLOATS,
    INTEGERS,
    TEXTS,
    TIMESTAMPS,
    TYPES_REMEMBERED,
    base_type,
)
from lucky_mcp.model.decision import VisibleColumn

# Products of two such values, and sums over any number of rows, stay within 65 digits, MySQL's most.
DIGITS_MAX, SCALE_MAX = 18, 6


class Family(Enum):
    """Whole numbers and narrow decimals may be added up as well; a NULL written out is of any family."""

    WHOLE = "whole"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    TIME = "time"
    TRUTH = "truth"
    NULL = "null"


EXACT = {Family.WHOLE, Family.DECIMAL}
NUMBERS = EXACT | {Family.FLOAT}
TYPES = {
    Family.WHOLE: INTEGERS,
    Family.FLOAT: FLOATS,
    Family.TEXT: TEXTS,
    Family.TIME: DATES | TIMESTAMPS,
    Family.TRUTH: BOOLEANS,
}


def family_of(column: VisibleColumn) -> Family | None:
    """Return the family of a column that is shown as it is; None for a mask or any other type."""
    return None if column.mask is not None or column.masks_below else _family_of_type(column.type)


@lru_cache(TYPES_REMEMBERED)
def _family_of_type(type_: str) -> Family | None:
    base, sizes = base_type(type_)
    if base in DECIMALS:
        numbers = [int(each) for each in re.findall(r"\d+", sizes)]
        narrow = bool(numbers) and numbers[0] <= DIGITS_MAX and sum(numbers[1:]) <= SCALE_MAX
        return Family.DECIMAL if narrow else None
    return next((name for name, types in TYPES.items() if base in types), None)


def alike(families: Iterable[Family | None]) -> Family | None:
    """Return the family that all values are of, NULL apart; numbers give the widest. None for a mixture."""
    found = set(families) - {Family.NULL}
    if found and found <= NUMBERS:
        return next(each for each in (Family.FLOAT, Family.DECIMAL, Family.WHOLE) if each in found)
    return only(found) if found else Family.NULL


def only(found: set[Family | None]) -> Family | None:
    """Return the one member; None when there are several or none."""
    return next(iter(found)) if len(found) == 1 else None
