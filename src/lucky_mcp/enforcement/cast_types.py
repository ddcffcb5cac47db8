"""What a masked value is cast to, to keep its column's type: a type that every engine can cast to."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lucky_mcp.catalog.column_types import (
    DECIMALS,
    FLOATS,
    INTEGERS,
    MORE_TEXTS,
    TEXTS,
    TIMESTAMPS,
    base_type,
)

SAME = frozenset({"UUID", "BOOLEAN", "BOOL", "DATE", "TIME", "TIMESTAMP WITH TIME ZONE"})
WIDE = {"MEDIUMINT": "INT", "YEAR": "INT", "LARGEINT": "BIGINT", "DOUBLE PRECISION": "DOUBLE"}


def cast_type(type_: str) -> exp.DataType:
    """Return the type for a column's; text for a type of one engine alone, whose values none of ours are."""
    base, sizes = base_type(type_)
    if base in SAME:
        word = base
    elif base in TEXTS | MORE_TEXTS:
        word = "VARCHAR"
    elif base in TIMESTAMPS:
        word = "TIMESTAMP"
    elif base in DECIMALS:
        if not sizes:  # of any length; the embedded engine would make one of 18 digits of it
            return exp.DataType(this=exp.DType.DECIMAL)
        word = f"DECIMAL({sizes})"
    elif base in INTEGERS | FLOATS | WIDE.keys():
        word = WIDE.get(base, base)
    else:
        return _of_one_engine(type_)
    return exp.DataType.build(word, dialect="duckdb")


def _of_one_engine(type_: str) -> exp.DataType:
    """Types of the embedded engine that the lists do not name, such as HUGEINT; else text."""
    try:
        if type_.isalnum() and type_.isupper():
            return exp.DataType.build(type_, dialect="duckdb")
    except SqlglotError:
        pass
    return exp.DataType.build("VARCHAR", dialect="duckdb")
