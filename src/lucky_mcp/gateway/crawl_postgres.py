"""What PostgreSQL's catalogue says of the tables that an account may read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from lucky_mcp.catalog.snapshot import Catalog, Column
from lucky_mcp.gateway.crawl_found import Ask, Found, Rows, by_table, name_of, table_of, text
from lucky_mcp.gateway.crawl_keys import BY_POSITION, keys_by_position, names_by_position
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Source

TABLES = """SELECT table_schema, table_name, table_type FROM information_schema.tables
    WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY table_schema, table_name"""
COLUMNS = """SELECT table_schema, table_name, column_name, ordinal_position, is_nullable, data_type,
    character_maximum_length, numeric_precision, numeric_scale, datetime_precision, udt_schema, udt_name,
    collation_name FROM information_schema.columns
    WHERE table_schema NOT IN ('information_schema', 'pg_catalog')
    ORDER BY table_schema, table_name, ordinal_position"""
# 1259 is the number of pg_class itself, on every server.
COMMENTS = """SELECT n.nspname, c.relname, d.objsubid, d.description FROM pg_catalog.pg_description AS d
    JOIN pg_catalog.pg_class AS c ON c.oid = d.objoid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE d.classoid = 1259 AND n.nspname NOT IN ('information_schema', 'pg_catalog')
    ORDER BY n.nspname, c.relname, d.objsubid"""
INDEXES = """SELECT n.nspname, c.relname, i.indisprimary, i.indnkeyatts, i.indkey
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE i.indisvalid AND i.indpred IS NULL
    AND n.nspname NOT IN ('information_schema', 'pg_catalog')
    ORDER BY n.nspname, c.relname, i.indkey"""
VIEWS = """SELECT schemaname, viewname, definition FROM pg_catalog.pg_views
    WHERE schemaname NOT IN ('information_schema', 'pg_catalog') ORDER BY schemaname, viewname"""
STORED = """SELECT schemaname, matviewname FROM pg_catalog.pg_matviews
    WHERE schemaname NOT IN ('information_schema', 'pg_catalog') ORDER BY schemaname, matviewname"""
TABLE_TYPES = frozenset({"BASE TABLE", "FOREIGN", "FOREIGN TABLE"})
HOLDS_ROWS = "a materialized view holds rows that were computed before, which no rule reaches"
WITH_LENGTH = frozenset({"character varying", "character", "bit", "bit varying"})
MICROSECONDS = 6


async def found_on_postgres(ask: Ask, source: Source) -> Found:
    """Return the tables and views of the source's database that the account may read."""
    tables, columns, comments, indexes, references = [
        await ask(each) for each in (TABLES, COLUMNS, COMMENTS, INDEXES, BY_POSITION)
    ]
    kinds = {name: text(rows[0][0]) for name, rows in by_table(tables).items()}
    remarks = comments_of(comments)
    found_columns = columns_of(columns, remarks)
    keys, indexes_of = _indexes(indexes, columns)
    foreign = keys_by_position(references, names_by_position(columns))
    found = {
        name: table_of(
            name,
            found_columns.get(name, ()),
            comment=remarks.get(name, {}).get(0, ""),
            primary_key=keys.get(name, ()),
            indexes=indexes_of.get(name, ()),
            foreign_keys=foreign.get(name, ()),
        )
        for name, kind in kinds.items()
        if kind in TABLE_TYPES
    }
    written = by_table(await ask(VIEWS))
    definitions = {name: text(rows[0][0]) for name, rows in written.items() if kinds.get(name) == "VIEW"}
    views = {
        name: table_of(name, found_columns.get(name, ()), comment=remarks.get(name, {}).get(0, ""))
        for name in definitions
    }
    stored = [name for row in await ask(STORED) if (name := name_of(*row)) is not None]
    return Found(
        tables=Catalog(source=source.name, tables=found, case_sensitive=True),
        views=views | {name: table_of(name, ()) for name in stored},
        definitions=definitions,
        closed=dict.fromkeys(stored, HOLDS_ROWS),
    )


def type_of(data_type: str, sizes: Sequence[object], user_type: str) -> str:
    """Return a type as PostgreSQL prints it, from the columns of information_schema.

    `sizes` are length, precision, scale and digits of seconds, where the type has them; `user_type` is the
    schema and the name of the type itself: an array's begins with an underscore.
    """
    length, precision, scale, fraction = sizes
    if data_type == "ARRAY":
        return f"{user_type.rpartition('.')[2].removeprefix('_')}[]"
    if data_type == "USER-DEFINED":
        return user_type
    if data_type in WITH_LENGTH and length is not None:
        return f"{data_type}({length})"
    if data_type == "numeric" and precision is not None:
        return f"numeric({precision},{scale})"
    if data_type.startswith("time") and fraction not in {None, MICROSECONDS}:
        word, _, zone = data_type.partition(" ")
        return f"{word}({fraction}) {zone}"
    return data_type


def columns_of(
    rows: Rows, remarks: Mapping[TableName, Mapping[int, str]]
) -> Mapping[TableName, list[Column]]:
    """Return the columns of each table from rows of COLUMNS, with what is said of them."""
    found: dict[TableName, list[Column]] = {}
    for name, each in by_table(rows).items():
        said = remarks.get(name, {})
        found[name] = [
            Column(
                name=text(column),
                type=type_of(text(kind), sizes, f"{schema}.{type_}"),
                nullable=text(nullable) == "YES",
                comment=said.get(int(text(position)), ""),
                collation=text(collation),
            )
            for column, position, nullable, kind, *sizes, schema, type_, collation in each
        ]
    return found


def comments_of(rows: Rows) -> Mapping[TableName, Mapping[int, str]]:
    """Return what is said of a table (0) and of its columns by their position."""
    return {
        name: {int(text(position)): text(remark) for position, remark in found}
        for name, found in by_table(rows).items()
    }


def _indexes(
    rows: Rows, columns: Rows
) -> tuple[Mapping[TableName, tuple[str, ...]], Mapping[TableName, Sequence[tuple[str, ...]]]]:
    """Return primary keys and indexes; 0 stands for an expression, up to which an index serves."""
    names = names_by_position(columns)
    keys: dict[TableName, tuple[str, ...]] = {}
    indexes: dict[TableName, list[tuple[str, ...]]] = defaultdict(list)
    for name, found in by_table(rows).items():
        for is_primary, keyed, positions in found:
            known = [names.get(name, {}).get(each) for each in text(positions).split()[: int(text(keyed))]]
            parts = tuple(map(text, known[: known.index(None)] if None in known else known))
            if is_primary and parts:
                keys[name] = parts
            elif parts:
                indexes[name].append(parts)
    return keys, indexes
