"""The other half of each comparison: the same query without any guard, over databases of a property's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from sqlglot.errors import SqlglotError

from lucky_mcp.demo.tables import Table, View
from lucky_mcp.demo.write_duckdb import write_source
from lucky_mcp.errors import ReadError
from lucky_mcp.model.source import Dialect
from tests.support.twin import CONFIGS, Config, translated
from tests.support.watch import over

FENCE_ROWS = 9223372036854775807
# A product of products may have any number of rows: beyond these, nothing is compared.
ROWS_MAX = 100_000
SECONDS_MAX = 15.0
# The engine itself gives up on such a query, by one plan and not by another: no verdict on the guard.
ENGINE_DEFECTS = ("InternalException", "SerializationException", "NotImplementedException")
# The twin has no bounds of its own; the house's say nothing about the answer.
GIVEN_UP = ("InterruptException", "OutOfMemoryException")
RUNTIME_FAILURES = ("ConversionException", "InvalidInputException", "OutOfRangeException")
BOUNDS: Config = {"threads": 1, "memory_limit": "1GB", "temp_directory": "", "max_temp_directory_size": "0KB"}


@dataclass(frozen=True)
class Plain:
    """What an unguarded query came to; `failure` is the engine's own text.

    `gave_up`: by this plan the engine has no answer at all. `on_a_value`: it failed while it computed.
    """

    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[object, ...]] = ()
    failure: str = ""
    gave_up: bool = False
    on_a_value: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows than these."""
        return len(self.rows) > ROWS_MAX


class Databases:
    """One open database per source, asked without a guard in one dialect.

    With `fenced` each table is a view that no condition is moved into, as behind the guard.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        folder: Path,
        dialect: str,
        *,
        views: Sequence[View] = (),
        fenced: bool = False,
    ) -> None:
        folder.mkdir(parents=True)
        self._dialect = Dialect(dialect)
        self._open: dict[str, tuple[duckdb.DuckDBPyConnection, str]] = {}
        self._files: dict[str, tuple[Path, Config, str]] = {}
        self._kept: dict[tuple[str, bool], duckdb.DuckDBPyConnection] = {}
        config = BOUNDS | CONFIGS[dialect]
        for source in dict.fromkeys(table.source for table in tables):
            group = [table for table in tables if table.source == source]
            path = folder / f"{source}.duckdb"
            own = [view for view in views if view.source == source]
            if fenced:
                write_source([_behind(table) for table in group], path, dialect=dialect)
                _add_views(group, own, path)
            else:
                write_source(group, path, dialect=dialect, views=own)
            if fenced:
                config["disabled_optimizers"] = "statistics_propagation"
            self._files[source] = (path, dict(config), group[0].schema)
            self._open_again(source)

    def _open_again(self, source: str) -> None:
        """Open a database, be it after a defect of the engine, which then answers nothing more on it."""
        for key in [key for key in self._kept if key[0] == source]:
            self._kept.pop(key).close()
        if source in self._open:
            self._open.pop(source)[0].close()
        path, config, schema = self._files[source]
        self._open[source] = (duckdb.connect(str(path), read_only=True, config=config), schema)

    def ask(self, source: str, sql: str, *, optimized: bool = True, without: str = "") -> Plain:
        """Return the rows, or the engine's failure; without optimizer every part is evaluated as it is written.

        `without` names passes of the optimizer to leave out for this query.
        """
        cursor = self._cursor(source, optimized=optimized)
        if without:
            before = cursor.execute("SELECT current_setting('disabled_optimizers')").fetchone()
            cursor.execute(f"SET disabled_optimizers = '{without}'")
            try:
                return self.ask(source, sql, optimized=optimized)
            finally:
                self._cursor(source, optimized=optimized).execute(
                    f"SET disabled_optimizers = '{before[0] if before else ''}'"
                )
        try:
            text = self._text(sql)
            with over(cursor.interrupt, SECONDS_MAX):
                cursor.execute(text)
                rows = cursor.fetchmany(ROWS_MAX + 1)
            return Plain(columns=tuple(column[0] for column in cursor.description or ()), rows=rows)
        except (duckdb.Error, SqlglotError, ReadError) as failure:
            if isinstance(failure, duckdb.InternalException | duckdb.FatalException):
                self._open_again(source)
            name = type(failure).__name__
            return Plain(
                failure=f"{name}: {failure}",
                gave_up=name in ENGINE_DEFECTS + GIVEN_UP,
                on_a_value=name in RUNTIME_FAILURES,
            )

    def _cursor(self, source: str, *, optimized: bool) -> duckdb.DuckDBPyConnection:
        if (source, optimized) not in self._kept:
            database, schema = self._open[source]
            cursor = self._kept[source, optimized] = database.cursor()
            cursor.execute(f"SET search_path = '{schema}'")
            cursor.execute(f"PRAGMA {'enable' if optimized else 'disable'}_optimizer")
        return self._kept[source, optimized]

    def _text(self, sql: str) -> str:
        """Return the engine's text; in its own dialect that is the query itself, seen by no parser of ours."""
        return sql if self._dialect == "duckdb" else translated(sql, self._dialect)

    def close(self) -> None:
        """Close every database."""
        for database, _ in self._open.values():
            database.close()


def _behind(table: Table) -> Table:
    return replace(table, schema=f"{table.schema}_behind")


def _add_views(tables: Sequence[Table], views: Sequence[View], path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        for table in tables:
            behind = f'"{_behind(table).schema}"."{table.name}"'
            database.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.schema}"')
            database.execute(
                f'CREATE VIEW "{table.schema}"."{table.name}" AS SELECT * FROM {behind} LIMIT {FENCE_ROWS}'
            )
        for view in views:
            database.execute(f'CREATE SCHEMA IF NOT EXISTS "{view.schema}"')
            database.execute(
                f'CREATE VIEW "{view.schema}"."{view.name}" AS SELECT * FROM ({view.sql}) LIMIT {FENCE_ROWS}'
            )
