"""Writing the fleet: one DuckDB file for each SQL source, each complete or absent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb

from lucky_mcp.demo.arrow_columns import arrow_table
from lucky_mcp.demo.collector import collector_paused
from lucky_mcp.demo.progress import Progress, unreported
from lucky_mcp.demo.tables import Column, Fleet, Table, View

_ROWS_PER_LOAD: Final = 100_000
_BUILDING: Final = "building"


def write_fleet(
    fleet: Fleet,
    directory: Path,
    *,
    dialects: Mapping[str, str],
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Write `<source>.duckdb` for every source of the fleet; `dialects` maps each source's full name.

    Raises ValueError before the first file is written when a source has no dialect, because text would
    silently compare otherwise than on its server.
    """
    by_source: dict[str, list[Table]] = {}
    for table in fleet.tables:
        by_source.setdefault(table.source, []).append(table)
    if missing := by_source.keys() - dialects.keys():
        raise ValueError(f"no dialect is given for {', '.join(sorted(missing))}")
    report = progress or unreported
    count_rows = _rows_counted(report)
    with collector_paused(), duckdb.connect() as engine:
        for done, (source, tables) in enumerate(by_source.items(), start=1):
            views = [view for view in fleet.views if view.source == source]
            path = directory / f"{source}.duckdb"
            _write_file(engine, tables, views, path, dialect=dialects[source], written=count_rows)
            report("files", done, len(by_source))


def write_source(tables: Sequence[Table], path: Path, *, dialect: str, views: Sequence[View] = ()) -> None:
    """Write one source's tables and views to `path`, replacing what was there in one step.

    The file is built beside its place and renamed into it, so a reader sees the old or the new data whole.
    """
    with duckdb.connect() as engine:
        _write_file(engine, tables, views, path, dialect=dialect, written=_rows_counted(unreported))


def _write_file(
    engine: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    views: Sequence[View],
    path: Path,
    *,
    dialect: str,
    written: Callable[[int], None],
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}-") as folder:
        unfinished = Path(folder) / path.name
        with _attached(engine, unfinished):
            for table in tables:
                with _transaction(engine):
                    for statement in _definition(table, dialect):
                        engine.execute(statement)
                    _load(engine, table, written)
            with _transaction(engine):
                for view in views:
                    for statement in _view_definition(view):
                        engine.execute(statement)
        os.replace(unfinished, path)


@contextmanager
def _attached(engine: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    # One engine for all files: starting one takes longer than writing a small file.
    engine.execute(f"ATTACH {_literal(str(path))} AS {_BUILDING}")
    engine.execute(f"USE {_BUILDING}")
    try:
        yield
    finally:
        engine.execute("USE memory")
        engine.execute(f"DETACH {_BUILDING}")


@contextmanager
def _transaction(engine: duckdb.DuckDBPyConnection) -> Iterator[None]:
    engine.begin()
    try:
        yield
    except BaseException:
        engine.rollback()
        raise
    engine.commit()


def _definition(table: Table, dialect: str) -> Iterator[str]:
    name = _name(table)
    parts = [_column_definition(column, dialect) for column in table.columns]
    if table.primary_key:
        parts.append(f"PRIMARY KEY ({', '.join(map(_quoted, table.primary_key))})")
    yield f"CREATE SCHEMA IF NOT EXISTS {_quoted(table.schema)}"
    yield f"CREATE TABLE {name} ({', '.join(parts)})"
    yield f"COMMENT ON TABLE {name} IS {_literal(table.comment)}"
    yield from _column_comments(table)


def _view_definition(view: View) -> Iterator[str]:
    yield f"CREATE SCHEMA IF NOT EXISTS {_quoted(view.schema)}"
    yield f"CREATE VIEW {_name(view)} AS {view.sql}"
    yield f"COMMENT ON VIEW {_name(view)} IS {_literal(view.comment)}"
    yield from _column_comments(view)


def _column_comments(relation: Table | View) -> Iterator[str]:
    for column in relation.columns:
        if column.comment:
            place = f"{_name(relation)}.{_quoted(column.name)}"
            yield f"COMMENT ON COLUMN {place} IS {_literal(column.comment)}"


def _column_definition(column: Column, dialect: str) -> str:
    # MySQL's default collation ignores case; the embedded file has to agree with it in every comparison.
    collation = " COLLATE NOCASE" if dialect == "mysql" and column.type == "VARCHAR" else ""
    return f"{_quoted(column.name)} {column.type}{collation}"


def _load(engine: duckdb.DuckDBPyConnection, table: Table, written: Callable[[int], None]) -> None:
    rows = iter(table.rows)
    while batch := list(islice(rows, _ROWS_PER_LOAD)):
        engine.from_arrow(arrow_table(table.columns, batch)).insert_into(_name(table))
        written(len(batch))


def _rows_counted(report: Progress) -> Callable[[int], None]:
    """Return a call that adds rows up and reports them: one table may take longer than all other files."""
    done = 0

    def written(rows: int) -> None:
        nonlocal done
        done += rows
        report("rows", done, 0)

    return written


def _name(relation: Table | View) -> str:
    return f"{_quoted(relation.schema)}.{_quoted(relation.name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
