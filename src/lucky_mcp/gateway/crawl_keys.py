"""Foreign keys as servers tell them: by the names of columns, or by their positions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping

from lucky_mcp.catalog.snapshot import ForeignKey
from lucky_mcp.gateway.crawl_found import Rows, by_table, name_of, text
from lucky_mcp.model.names import TableName

# For PostgreSQL and Redshift alike.
BY_POSITION = """SELECT n.nspname, c.relname, k.conkey, s.nspname AS its_schema,
    r.relname AS its_table, k.confkey
    FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid
    JOIN pg_catalog.pg_namespace AS s ON s.oid = r.relnamespace
    WHERE k.contype = 'f' AND n.nspname NOT IN ('information_schema', 'pg_catalog')
    ORDER BY n.nspname, c.relname, k.conname"""
BY_NAME = """SELECT table_schema, table_name, constraint_name, column_name, referenced_table_schema,
    referenced_table_name, referenced_column_name FROM information_schema.KEY_COLUMN_USAGE
    WHERE {schemas} AND referenced_table_name IS NOT NULL
    ORDER BY table_schema, table_name, constraint_name, ordinal_position"""
Names = Mapping[TableName, Mapping[str, str]]
Found = Mapping[TableName, tuple[ForeignKey, ...]]


def keys_by_name(rows: Rows, tables: Collection[TableName]) -> Found:
    """Return the foreign keys among `tables` from the rows of BY_NAME, sorted; others are left out."""
    pairs: dict[tuple[TableName, str, TableName], list[tuple[str, str]]] = defaultdict(list)
    for schema, table, constraint, column, its_schema, its_table, its_column in rows:
        name, its = name_of(schema, table), name_of(its_schema, its_table)
        if name in tables and its in tables and name is not None and its is not None:
            pairs[name, text(constraint), its].append((text(column), text(its_column)))
    found: dict[TableName, list[ForeignKey]] = defaultdict(list)
    for (name, _, its), columns in pairs.items():
        own, others = zip(*columns, strict=True)
        found[name].append(ForeignKey(columns=own, table=its, its_columns=others))
    return _sorted(found)


def keys_by_position(rows: Rows, names: Names) -> Found:
    """Return the foreign keys among the tables of `names` from the rows of BY_POSITION, sorted."""
    found: dict[TableName, list[ForeignKey]] = defaultdict(list)
    for name, told in by_table(rows).items():
        for positions, its_schema, its_table, its_positions in told:
            its = name_of(its_schema, its_table)
            own = columns_at(positions, names.get(name, {}))
            others = columns_at(its_positions, names.get(its, {})) if its is not None else ()
            if own and others and its is not None:
                found[name].append(ForeignKey(columns=own, table=its, its_columns=others))
    return _sorted(found)


def columns_at(positions: object, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns at an array of positions, `{1,2}` or `[1, 2]`; none if one is not known."""
    found = [names.get(each) for each in re.findall(r"\d+", text(positions))]
    return () if None in found else tuple(map(text, found))


def names_by_position(columns: Rows) -> Names:
    """Return the columns of each table by position, from rows of schema, table, column and position."""
    return {
        name: {text(position): text(column) for column, position, *_ in found}
        for name, found in by_table(columns).items()
    }


def _sorted(found: Mapping[TableName, list[ForeignKey]]) -> Found:
    return {name: tuple(sorted(set(keys))) for name, keys in found.items()}
