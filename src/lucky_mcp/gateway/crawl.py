"""What a source holds, read through the one door as `system:catalog`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lucky_mcp.catalog.snapshot import Catalog, Column, Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.gateway.crawl_views import with_views
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import SYSTEM_CATALOG
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult, Truncation
from lucky_mcp.model.source import Dialect, Kind, Source

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

SYSTEM_SCHEMAS = {"information_schema", "pg_catalog", "mysql", "sys", "performance_schema"}

# Both dialects read this the same; the metadata tables are those of the embedded engine.
DUCKDB_QUERIES = {
    "tables": """SELECT table_schema, table_name, TABLE_COMMENT FROM information_schema.tables
        WHERE table_type = 'BASE TABLE' ORDER BY table_schema, table_name""",
    "columns": """SELECT table_schema, table_name, column_name, data_type, is_nullable, COLUMN_COMMENT
        FROM information_schema.columns ORDER BY table_schema, table_name, ordinal_position""",
    "views": """SELECT v.table_schema, v.table_name, v.view_definition, t.TABLE_COMMENT
        FROM information_schema.views AS v
        JOIN information_schema.tables AS t USING (table_schema, table_name)
        ORDER BY v.table_schema, v.table_name""",
    "keys": """SELECT k.table_schema, k.table_name, k.column_name
        FROM information_schema.key_column_usage AS k
        JOIN information_schema.table_constraints AS c USING (constraint_name, table_schema, table_name)
        WHERE c.constraint_type = 'PRIMARY KEY'
        ORDER BY k.table_schema, k.table_name, k.ordinal_position""",
}
# The engine's own views, made when it starts.
TEMPORARY = "CREATE TEMP VIEW"
# Datasets of a lake are views to the engine, and tables to everybody else.
LAKE_QUERIES = {
    part: sql.replace("'BASE TABLE'", "'VIEW'") for part, sql in DUCKDB_QUERIES.items() if part != "views"
}
QUERIES: dict[Kind, dict[str, str]] = {Kind.DUCKDB: DUCKDB_QUERIES, Kind.LAKE: LAKE_QUERIES}


async def crawl(gateway: Gateway, source_name: str) -> Catalog:
    """Return the tables, columns, types, comments and keys of a source as they are now.

    ConfigurationError for a source without a crawl or an answer that was cut; ReadError as any read.
    """
    source = gateway.policies.source(source_name)
    if source is None or source.kind not in QUERIES:
        raise ConfigurationError(f"no crawl for the source {source_name!r}")
    answers = {}
    for part, sql in QUERIES[source.kind].items():
        answer = await gateway.read(SYSTEM_CATALOG, SqlRead(source=source.name, sql=sql, rows_max=1_000_000))
        if answer.truncation is not Truncation.NONE:
            raise ConfigurationError(
                f"{source.name}: the crawl was cut; raise the bounds of role system:catalog"
            )
        if answer.cells_cut:
            raise ConfigurationError(
                f"{source.name}: a definition was cut; raise cell_chars_max of role system:catalog"
            )
        answers[part] = answer
    return _catalog(source, answers)


def _catalog(source: Source, answers: dict[str, ReadResult]) -> Catalog:
    columns: dict[TableName, list[Column]] = defaultdict(list)
    for schema, table, name, type_, nullable, comment in answers["columns"].rows:
        column = Column(
            name=str(name), type=str(type_), nullable=nullable in {"YES", True}, comment=str(comment or "")
        )
        columns[TableName(schema=str(schema), table=str(table))].append(column)
    keys: dict[TableName, list[str]] = defaultdict(list)
    for schema, table, name in answers["keys"].rows:
        keys[TableName(schema=str(schema), table=str(table))].append(str(name))
    tables = {}
    for schema, table, comment in answers["tables"].rows:
        if str(schema).lower() in SYSTEM_SCHEMAS:
            continue
        name = TableName(schema=str(schema), table=str(table))
        key = tuple(keys[name])
        tables[name] = Table(
            name=name,
            columns=tuple(columns[name]),
            primary_key=key,
            indexes=(key,) if key else (),
            comment=str(comment or ""),
        )
    # Names of the dialect that folds them are exact once folded; the others compare without case here.
    known = Catalog(source=source.name, tables=tables, case_sensitive=source.dialect is Dialect.POSTGRES)
    return _with_views(source, known, answers["views"], columns) if "views" in answers else known


def _with_views(
    source: Source, tables: Catalog, answer: ReadResult, columns: Mapping[TableName, list[Column]]
) -> Catalog:
    waiting, definitions = {}, {}
    for schema, view, definition, comment in answer.rows:
        if str(schema).lower() in SYSTEM_SCHEMAS or str(definition).startswith(TEMPORARY):
            continue
        name = TableName(schema=str(schema), table=str(view))
        waiting[name] = Table(name=name, columns=tuple(columns[name]), comment=str(comment or ""))
        definitions[name] = str(definition)
    return with_views(source, tables, waiting, definitions)
