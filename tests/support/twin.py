"""Tables in databases of their own, asked without any guard: the clean twin, and the raw data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import sqlglot
from sqlglot.errors import ErrorLevel

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Table, View
from lucky_mcp.demo.write_duckdb import write_source
from lucky_mcp.enforcement.embedded import for_engine
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.joins import settle_bare_joins
from lucky_mcp.sql.lexical import read_tokens
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.separators import settle_separators

Rows = list[tuple[object, ...]]
Config = dict[str, str | bool | int | float | list[str]]
# The arithmetic and the collation of each dialect, and nothing else of the gateway's.
CONFIGS: dict[str, Config] = {
    "mysql": {"error_on_division_by_zero": "false", "default_collation": "nocase"},
    "postgres": {"integer_division": "true"},
    "redshift": {"integer_division": "true"},
    "duckdb": {},
    "doris": {"error_on_division_by_zero": "false"},
}


class Unguarded:
    """One database per source, written when it is first asked, in the agents' dialect through plain translation."""

    def __init__(
        self,
        tables: Sequence[Table],
        folder: Path,
        dialects: Mapping[str, str] = DIALECTS,
        views: Sequence[View] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._dialects, self._views = folder, dialects, views
        self._databases: dict[str, tuple[duckdb.DuckDBPyConnection, str]] = {}
        self._tables: dict[str, list[Table]] = {}
        for table in tables:
            self._tables.setdefault(table.source, []).append(table)

    def _database(self, source: str) -> tuple[duckdb.DuckDBPyConnection, str]:
        if source not in self._databases:
            group, path = self._tables[source], self._folder / f"{source}.duckdb"
            views = [view for view in self._views if view.source == source]
            write_source(group, path, dialect=self._dialects[source], views=views)
            self._databases[source] = (opened(path, self._dialects[source]), group[0].schema)
        return self._databases[source]

    def ask(self, source: str, sql: str, schema: str = "") -> tuple[tuple[str, ...], Rows]:
        """Return (column names, rows) of the plain query; duckdb.Error when it fails.

        Unqualified names mean tables of `schema`, else of the source's first one.
        """
        database, first_schema = self._database(source)
        cursor = database.cursor()
        cursor.execute(f"SET search_path = '{schema or first_schema}'")
        cursor.execute(translated(sql, Dialect(self._dialects[source])))
        return tuple(column[0] for column in cursor.description or ()), cursor.fetchall()

    def close(self) -> None:
        """Close every database."""
        for database, _ in self._databases.values():
            database.close()


def opened(path: Path, dialect: str) -> duckdb.DuckDBPyConnection:
    """Open a database as the dialect's server computes."""
    return duckdb.connect(str(path), read_only=True, config=CONFIGS[dialect])


def translated(sql: str, dialect: Dialect) -> str:
    """Return the query for the embedded engine, by translation alone."""
    grammar = GRAMMARS[dialect]
    settled = settle_bare_joins(sql, read_tokens(sql, grammar), grammar)
    tree = sqlglot.parse_one(settled, read=dialect.value, error_level=ErrorLevel.RAISE)
    settle_separators(Nodes(tree), grammar)
    return for_engine(tree, dialect, Kind.DUCKDB).sql(dialect="duckdb", comments=False)


def as_multiset(rows: Sequence[tuple[object, ...]]) -> Counter[tuple[str, ...]]:
    """Return rows for comparison without order; floats to 9 digits, since sums depend on the order."""
    return Counter(tuple(_comparable(cell) for cell in row) for row in rows)


def in_order(rows: Sequence[tuple[object, ...]]) -> list[tuple[str, ...]]:
    """Return rows for comparison in order."""
    return [tuple(_comparable(cell) for cell in row) for row in rows]


def _comparable(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.9g}"
    return "NULL" if cell is None else f"{type(cell).__name__}:{cell}"
