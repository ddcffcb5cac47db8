"""What a server of MySQL's protocol says of its tables: MySQL, MariaDB, Doris."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from lucky_mcp.catalog.bootstrap import SYSTEM_SCHEMAS
from lucky_mcp.catalog.snapshot import Catalog, Column
from lucky_mcp.gateway.crawl_found import Ask, Found, Rows, by_table, name_of, table_of, text
from lucky_mcp.gateway.crawl_keys import BY_NAME, keys_by_name
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Source

TABLES = """SELECT table_schema, table_name, table_type, table_comment FROM information_schema.TABLES
    WHERE {schemas} ORDER BY table_schema, table_name"""
COLUMNS = """SELECT table_schema, table_name, column_name, column_type, is_nullable, column_comment,
    collation_name FROM information_schema.COLUMNS
    WHERE {schemas} ORDER BY table_schema, table_name, ordinal_position"""
INDEXES = """SELECT table_schema, table_name, index_name, column_name FROM information_schema.STATISTICS
    WHERE {schemas} AND index_type = 'BTREE'
    ORDER BY table_schema, table_name, index_name, seq_in_index"""
VIEWS = """SELECT table_schema, table_name, view_definition FROM information_schema.VIEWS
    WHERE {schemas} ORDER BY table_schema, table_name"""
# In which of the two the server's settings stand.
SETTINGS = """SELECT table_schema, table_name FROM information_schema.TABLES
    WHERE table_schema IN ('information_schema', 'performance_schema') ORDER BY table_schema"""
PLACES = {
    ("information_schema", "global_variables"): "information_schema.GLOBAL_VARIABLES",
    ("performance_schema", "global_variables"): "performance_schema.global_variables",
}
NAMES_CASE = "SELECT variable_value FROM {place} WHERE variable_name = 'lower_case_table_names'"
PRIMARY = "PRIMARY"
# MariaDB marks the types of columns that older versions stored.
REMARK = re.compile(r"\s*/\*.*?\*/")
NOT_SHOWN = "the account may not see its definition: it needs SHOW VIEW"
TABLE_TYPES = frozenset({"BASE TABLE", "SYSTEM VERSIONED"})


async def found_on_mysql(ask: Ask, source: Source) -> Found:
    """Return the tables and views that the account may see; of one database if the source names it."""
    schemas = _schemas(source)
    tables, columns, indexes, views, references = [
        await ask(each.format(schemas=schemas)) for each in (TABLES, COLUMNS, INDEXES, VIEWS, BY_NAME)
    ]
    columns_of = _columns(columns)
    kinds = {name: rows[0] for name, rows in by_table(tables).items()}
    keys, indexes_of = _indexes(indexes)
    foreign = keys_by_name(references, kinds)
    found = {
        name: table_of(
            name,
            columns_of.get(name, ()),
            comment=text(comment),
            primary_key=keys.get(name, ()),
            indexes=indexes_of.get(name, ()),
            foreign_keys=foreign.get(name, ()),
        )
        for name, (kind, comment) in kinds.items()
        if text(kind) in TABLE_TYPES
    }
    definitions = {name: text(rows[0][0]) for name, rows in by_table(views).items()}
    return Found(
        tables=Catalog(source=source.name, tables=found, case_sensitive=await _tells_cases_apart(ask)),
        views={name: table_of(name, columns_of.get(name, ())) for name in definitions},
        definitions={name: definition for name, definition in definitions.items() if definition},
        closed={name: NOT_SHOWN for name, definition in definitions.items() if not definition},
    )


def _schemas(source: Source) -> str:
    """Return the condition for what is the source's: many sources may share a server."""
    if source.server is not None and source.server.database:
        return "table_schema = '" + source.server.database.replace("\\", "\\\\").replace("'", "''") + "'"
    return "table_schema NOT IN (" + ", ".join(f"'{each}'" for each in sorted(SYSTEM_SCHEMAS)) + ")"


def _columns(rows: Rows) -> Mapping[TableName, Sequence[Column]]:
    return {
        name: [
            Column(
                name=text(column),
                type=REMARK.sub("", text(type_)),
                nullable=text(nullable) == "YES",
                comment=text(comment),
                collation=text(collation),
            )
            for column, type_, nullable, comment, collation in found
        ]
        for name, found in by_table(rows).items()
    }


def _indexes(
    rows: Rows,
) -> tuple[Mapping[TableName, tuple[str, ...]], Mapping[TableName, Sequence[tuple[str, ...]]]]:
    """Return primary keys and indexes; an index serves up to its first part that is an expression."""
    parts: dict[tuple[TableName, str], list[str | None]] = defaultdict(list)
    for schema, table, index, column in rows:
        name = name_of(schema, table)
        if name is not None:
            parts[name, text(index)].append(None if column is None else text(column))
    keys: dict[TableName, tuple[str, ...]] = {}
    indexes: dict[TableName, list[tuple[str, ...]]] = defaultdict(list)
    for (name, index), found in parts.items():
        columns = tuple(found[: found.index(None)] if None in found else found)
        if columns and index == PRIMARY:
            keys[name] = tuple(map(text, columns))
        elif columns:
            indexes[name].append(tuple(map(text, columns)))
    return keys, indexes


async def _tells_cases_apart(ask: Ask) -> bool:
    """Whether `T` and `t` are two tables: lower_case_table_names is 0."""
    for schema, table in await ask(SETTINGS):
        place = PLACES.get((text(schema).lower(), text(table).lower()))
        if place is not None:
            rows = await ask(NAMES_CASE.format(place=place))
            return any(text(value) == "0" for (value,) in rows)
    return True
