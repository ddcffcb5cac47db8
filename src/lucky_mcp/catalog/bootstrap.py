"""The metadata tables that the crawl itself reads: built in, since no snapshot comes before the first."""

from __future__ import annotations

from lucky_mcp.catalog.snapshot import Catalog, Column, Table
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import EMBEDDED, Kind

SCHEMA = "information_schema"

DUCKDB_METADATA: dict[str, tuple[str, ...]] = {
    "tables": ("table_schema", "table_name", "table_type", "TABLE_COMMENT"),
    "columns": (
        *("table_schema", "table_name", "column_name", "ordinal_position"),
        *("data_type", "is_nullable", "COLUMN_COMMENT"),
    ),
    "views": ("table_schema", "table_name", "view_definition"),
    "table_constraints": ("table_schema", "table_name", "constraint_name", "constraint_type"),
    "key_column_usage": ("table_schema", "table_name", "constraint_name", "column_name", "ordinal_position"),
}

METADATA: dict[Kind, dict[str, tuple[str, ...]]] = dict.fromkeys(EMBEDDED, DUCKDB_METADATA)


def metadata_catalog(source: str, kind: Kind) -> Catalog:
    """Return a source's metadata tables, for `system:catalog` alone; KeyError for an unknown kind."""
    tables = {}
    for table, columns in METADATA[kind].items():
        name = TableName(schema=SCHEMA, table=table)
        described = tuple(
            Column(name=each, type="INTEGER" if each == "ordinal_position" else "VARCHAR") for each in columns
        )
        tables[name] = Table(name=name, columns=described)
    return Catalog(source=source, tables=tables)
