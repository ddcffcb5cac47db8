"""Sources for tests that need one without policies."""

from __future__ import annotations

from pathlib import Path

from lucky_mcp.adapters import duckdb, lake
from lucky_mcp.model.source import Dialect, Kind, Source

SCHEMES = {Kind.DUCKDB: duckdb.SCHEME, Kind.LAKE: lake.SCHEME}


def embedded_source(place: Path, *, kind: Kind = Kind.DUCKDB, dialect: Dialect = Dialect.DUCKDB) -> Source:
    """Return a source over a DuckDB file, or over the folder of a lake."""
    return Source(
        name="source",
        kind=kind,
        dialect=dialect,
        url=f"{SCHEMES[kind]}{place}",
        domain="test",
        short_name="source",
    )
