"""What Redshift's catalogue says of the tables that an account may read.

It is that of PostgreSQL 8.0: keys stand in pg_constraint, and there are no indexes. Read are only tables and
views that Amazon documents as accessible, and never beside tables of users: the leader node answers alone,
and cuts no text.
"""

from __future__ import annotations

import re

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.gateway.crawl_found import Ask, Found, by_table, table_of, text
from lucky_mcp.gateway.crawl_keys import BY_POSITION, columns_at, keys_by_position, names_by_position
from lucky_mcp.gateway.crawl_postgres import COLUMNS, COMMENTS, TABLES, VIEWS, columns_of, comments_of
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Source

KEYS = """SELECT n.nspname, c.relname, k.conkey FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE k.contype = 'p' AND n.nspname NOT IN ('information_schema', 'pg_catalog')
    ORDER BY n.nspname, c.relname"""
BASE_TABLE = "BASE TABLE"
# Where Redshift keeps the rows of a materialized view: computed before, so no rule reaches them.
STORED = "mv_tbl__"
CUT = "its definition is not a whole SELECT: it is cut, bound late or materialized"
OPENING = re.compile(r"\s*(?:SELECT|WITH|\()", re.IGNORECASE)


async def found_on_redshift(ask: Ask, source: Source) -> Found:
    """Return the tables and views of the source's database that the account may read."""
    tables, columns, comments, keys, views, references = [
        await ask(each) for each in (TABLES, COLUMNS, COMMENTS, KEYS, VIEWS, BY_POSITION)
    ]
    kinds = {name: text(rows[0][0]) for name, rows in by_table(tables).items()}
    remarks = comments_of(comments)
    found_columns = columns_of(columns, remarks)
    names = names_by_position(columns)
    primary = {name: columns_at(rows[0][0], names.get(name, {})) for name, rows in by_table(keys).items()}
    foreign = keys_by_position(references, names)

    def described(name: TableName) -> str:
        return remarks.get(name, {}).get(0, "")

    found = {
        name: table_of(
            name,
            found_columns.get(name, ()),
            comment=described(name),
            primary_key=primary.get(name, ()),
            foreign_keys=foreign.get(name, ()),
        )
        for name, kind in kinds.items()
        if kind == BASE_TABLE and not name.table.startswith(STORED)
    }
    written = {name: text(rows[0][0]) for name, rows in by_table(views).items() if kinds.get(name) == "VIEW"}
    whole = {name: each for name, each in written.items() if _is_whole(each)}
    return Found(
        tables=Catalog(source=source.name, tables=found),
        views={
            name: table_of(name, found_columns.get(name, ()), comment=described(name)) for name in written
        },
        definitions=whole,
        closed={name: CUT for name in written if name not in whole},
    )


def _is_whole(definition: str) -> bool:
    """Whether it is a SELECT up to its end, which the server marks."""
    return OPENING.match(definition) is not None and definition.rstrip().endswith(";")
