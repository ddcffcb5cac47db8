"""What an embedded engine's own metadata says of a database file, or of a lake's datasets."""

from __future__ import annotations

from collections.abc import Mapping

from lucky_mcp.catalog.snapshot import Catalog, Column, Table
from lucky_mcp.gateway.crawl_found import Ask, Found, Rows, by_table, name_of, table_of, text
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Source

# Every dialect reads these the same; the metadata tables are those of the embedded engine.
TABLES = """SELECT table_schema, table_name, TABLE_COMMENT FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' ORDER BY table_schema, table_name"""
COLUMNS = """SELECT table_schema, table_name, column_name, data_type, is_nullable, COLUMN_COMMENT
    FROM information_schema.columns ORDER BY table_schema, table_name, ordinal_position"""
VIEWS = """SELECT v.table_schema, v.table_name, v.view_definition, t.TABLE_COMMENT
    FROM information_schema.views AS v
    JOIN information_schema.tables AS t USING (table_schema, table_name)
    ORDER BY v.table_schema, v.table_name"""
KEYS = """SELECT k.table_schema, k.table_name, k.column_name
    FROM information_schema.key_column_usage AS k
    JOIN information_schema.table_constraints AS c USING (constraint_name, table_schema, table_name)
    WHERE c.constraint_type = 'PRIMARY KEY'
    ORDER BY k.table_schema, k.table_name, k.ordinal_position"""
# The engine's own views, made when it starts.
TEMPORARY = "CREATE TEMP VIEW"


async def found_in_file(ask: Ask, source: Source) -> Found:
    """Return the tables and views of a database file."""
    tables, columns, keys = await ask(TABLES), await ask(COLUMNS), await ask(KEYS)
    columns_of = _columns(columns)
    views, definitions = {}, {}
    for schema, view, definition, comment in await ask(VIEWS):
        name = name_of(schema, view)
        if name is not None and not text(definition).startswith(TEMPORARY):
            views[name] = table_of(name, columns_of.get(name, ()), comment=text(comment))
            definitions[name] = text(definition)
    return Found(
        tables=_catalog(source, tables, columns_of, by_table(keys)), views=views, definitions=definitions
    )


async def found_in_lake(ask: Ask, source: Source) -> Found:
    """Return the datasets of a lake: views to the engine, and tables to everybody else."""
    tables = await ask(TABLES.replace("'BASE TABLE'", "'VIEW'"))
    return Found(tables=_catalog(source, tables, _columns(await ask(COLUMNS)), by_table(await ask(KEYS))))


def _columns(rows: Rows) -> Mapping[TableName, list[Column]]:
    return {
        name: [
            Column(
                name=text(column), type=text(type_), nullable=nullable in {"YES", True}, comment=text(about)
            )
            for column, type_, nullable, about in found
        ]
        for name, found in by_table(rows).items()
    }


def _catalog(
    source: Source,
    rows: Rows,
    columns: Mapping[TableName, list[Column]],
    keys: Mapping[TableName, list[tuple[object, ...]]],
) -> Catalog:
    tables: dict[TableName, Table] = {}
    for name, ((comment,), *_) in by_table(rows).items():
        key = tuple(text(column) for (column,) in keys.get(name, ()))
        tables[name] = table_of(name, columns.get(name, ()), comment=text(comment), primary_key=key)
    # Names of the dialect that folds them are exact once folded; the others compare without case here.
    return Catalog(source=source.name, tables=tables, case_sensitive=source.dialect is Dialect.POSTGRES)
