"""Rows as Arrow columns: DuckDB loads these in one pass, row by row it would take minutes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from lucky_mcp.demo.tables import Column

_PLAIN: Final[Mapping[str, pa.DataType]] = MappingProxyType(
    {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "VARCHAR": pa.string(),
        "JSON": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
    }
)
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def arrow_type(duckdb_type: str) -> pa.DataType:
    """Return the Arrow type that loads into a DuckDB type, or raise ValueError for any other."""
    if plain := _PLAIN.get(duckdb_type):
        return plain
    if decimal := _DECIMAL.fullmatch(duckdb_type):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    raise ValueError(f"no Arrow type is known for the column type {duckdb_type!r}")


def arrow_table(columns: Sequence[Column], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Return rows as an Arrow table, typed by the columns and not by guessing from values."""
    by_column = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pa.table(
        [
            pa.array(values, arrow_type(column.type))
            for column, values in zip(columns, by_column, strict=True)
        ],
        names=[column.name for column in columns],
    )
