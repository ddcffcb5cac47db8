"""The metadata tables that the crawl itself reads: built in, since no snapshot comes before the first."""

from __future__ import annotations

from lucky_mcp.catalog.snapshot import Catalog, Column, Table
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import EMBEDDED, Kind

SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog", "mysql", "sys", "performance_schema"})
NUMBERS = frozenset(
    {"ordinal_position", "seq_in_index", "oid", "objoid", "classoid", "objsubid", "relnamespace"}
)
MORE_NUMBERS = frozenset(
    {
        *("indrelid", "conrelid", "confrelid", "indnkeyatts", "character_maximum_length"),
        *("numeric_precision", "numeric_scale", "datetime_precision"),
    }
)
FLAGS = frozenset({"indisprimary", "indisvalid"})

DUCKDB_METADATA: dict[str, tuple[str, ...]] = {
    "information_schema.tables": ("table_schema", "table_name", "table_type", "TABLE_COMMENT"),
    "information_schema.columns": (
        *("table_schema", "table_name", "column_name", "ordinal_position"),
        *("data_type", "is_nullable", "COLUMN_COMMENT"),
    ),
    "information_schema.views": ("table_schema", "table_name", "view_definition"),
    "information_schema.table_constraints": (
        *("table_schema", "table_name", "constraint_name", "constraint_type"),
    ),
    "information_schema.key_column_usage": (
        *("table_schema", "table_name", "constraint_name", "column_name", "ordinal_position"),
    ),
}
# As MySQL spells them: a server that tells cases apart reads them in capitals and in no others, MariaDB too.
MYSQL_METADATA: dict[str, tuple[str, ...]] = {
    "information_schema.TABLES": (
        *("table_schema", "table_name", "table_type", "table_comment", "table_collation"),
    ),
    "information_schema.COLUMNS": (
        *("table_schema", "table_name", "column_name", "ordinal_position"),
        *("column_type", "is_nullable", "column_comment", "collation_name"),
    ),
    "information_schema.VIEWS": ("table_schema", "table_name", "view_definition"),
    "information_schema.STATISTICS": (
        *("table_schema", "table_name", "index_name", "seq_in_index", "column_name", "index_type"),
    ),
    "information_schema.KEY_COLUMN_USAGE": (
        *("table_schema", "table_name", "constraint_name", "ordinal_position", "column_name"),
        *("referenced_table_schema", "referenced_table_name", "referenced_column_name"),
    ),
    # Where a server's settings stand: MariaDB and Doris have the first, MySQL the second.
    "information_schema.GLOBAL_VARIABLES": ("variable_name", "variable_value"),
    "performance_schema.global_variables": ("variable_name", "variable_value"),
}
POSTGRES_METADATA: dict[str, tuple[str, ...]] = {
    "information_schema.tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "information_schema.columns": (
        *("table_schema", "table_name", "column_name", "ordinal_position", "is_nullable", "data_type"),
        *("character_maximum_length", "numeric_precision", "numeric_scale", "datetime_precision"),
        *("udt_schema", "udt_name", "collation_name"),
    ),
    "pg_catalog.pg_namespace": ("oid", "nspname"),
    "pg_catalog.pg_class": ("oid", "relname", "relnamespace"),
    "pg_catalog.pg_description": ("objoid", "classoid", "objsubid", "description"),
    "pg_catalog.pg_index": ("indrelid", "indisprimary", "indisvalid", "indnkeyatts", "indkey", "indpred"),
    "pg_catalog.pg_constraint": ("conname", "conrelid", "confrelid", "contype", "conkey", "confkey"),
    "pg_catalog.pg_views": ("schemaname", "viewname", "definition"),
    "pg_catalog.pg_matviews": ("schemaname", "matviewname"),
    "pg_catalog.pg_database": ("datname", "datcollate"),
}

# What Amazon documents as accessible of PostgreSQL 8.0's catalogue; keys stand in pg_constraint.
REDSHIFT_METADATA: dict[str, tuple[str, ...]] = {
    **{
        name: POSTGRES_METADATA[name]
        for name in (
            *("information_schema.tables", "information_schema.columns", "pg_catalog.pg_namespace"),
            *("pg_catalog.pg_class", "pg_catalog.pg_description", "pg_catalog.pg_views"),
            "pg_catalog.pg_constraint",
        )
    },
}

METADATA: dict[Kind, dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(EMBEDDED, DUCKDB_METADATA),
    Kind.MYSQL: MYSQL_METADATA,
    Kind.POSTGRES: POSTGRES_METADATA,
    Kind.REDSHIFT: REDSHIFT_METADATA,
}


def metadata_catalog(source: str, kind: Kind) -> Catalog:
    """Return a source's metadata tables, for `system:catalog` alone; KeyError for an unknown kind."""
    tables = {}
    for written, columns in METADATA[kind].items():
        name = TableName.parse(written)
        tables[name] = Table(name=name, columns=tuple(Column(name=c, type=_type(c)) for c in columns))
    return Catalog(source=source, tables=tables)


def _type(column: str) -> str:
    if column in FLAGS:
        return "BOOLEAN"
    return "INTEGER" if column in NUMBERS | MORE_NUMBERS else "VARCHAR"
