"""The records of a log as one Parquet file, for tools that ask many of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lucky_mcp.audit.record import Begun, Ended, Event, Explained
from lucky_mcp.errors import ConfigurationError

BATCH = 10_000
_TYPES = {"str": pa.string(), "int": pa.int64(), "tuple[str, ...]": pa.list_(pa.string())}


def schema() -> pa.Schema:
    """Return one column for each field that a record may have, and the place in its chain."""
    found: dict[str, pa.DataType] = {"event": pa.string()}
    for kind in (Begun, Ended, Explained, Event):
        for field in fields(kind):
            found.setdefault(field.name, _TYPES[str(field.type)])
    found |= {"at": pa.timestamp("ms", tz="UTC"), "chain": pa.string(), "seq": pa.int64()}
    return pa.schema(list(found.items()))


def write_parquet(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write the records and return how many; a field that a record lacks is null.

    ConfigurationError when the file exists or cannot be written.
    """
    columns, written = schema(), 0
    try:
        with path.open("xb") as file, parquet.ParquetWriter(file, columns, compression="zstd") as writer:
            left = iter(records)
            while rows := [_row(record, columns.names) for record in islice(left, BATCH)]:
                writer.write_table(pa.Table.from_pylist(rows, schema=columns))
                written += len(rows)
    except OSError as error:
        raise ConfigurationError(f"{path}: the records cannot be written ({error.strerror})") from None
    return written


def _row(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {**{name: record.get(name) for name in names}, "at": datetime.fromisoformat(record["at"])}
