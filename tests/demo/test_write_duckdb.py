"""The files hold what was generated, and compare text as the server they stand for would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Column, Fleet, Table
from lucky_mcp.demo.write_duckdb import write_fleet, write_source

Asker = Callable[[str, str], list[tuple[Any, ...]]]

ONE_COLUMN = (Column(name="it's", type="VARCHAR", comment='the owner\'s "text"'),)
ODD = '"select"."odd ""name"""'


def table_of(*rows: tuple[object, ...], columns: tuple[Column, ...] = ONE_COLUMN) -> Table:
    return Table(
        source="aws-luckyus-sample-rw",
        schema="select",
        name='odd "name"',
        comment="it's odd",
        columns=columns,
        primary_key=(columns[0].name,),
        rows=rows,
    )


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def ask_written(written: Path) -> Iterator[Asker]:
    """Ask a source of the written fleet; its file is opened once."""
    with ExitStack() as files:
        opened = {
            path.stem: files.enter_context(duckdb.connect(str(path), read_only=True))
            for path in sorted(written.iterdir())
        }
        yield lambda source, sql: opened[source].execute(sql).fetchall()


@pytest.fixture(scope="module")
def written(tiny: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("fleet") / "not" / "there" / "yet"
    write_fleet(tiny, directory, dialects=DIALECTS)
    return directory


def test_there_is_one_file_for_each_source_and_nothing_else(tiny: Fleet, written: Path) -> None:
    assert {path.name for path in written.iterdir()} == {f"{table.source}.duckdb" for table in tiny.tables}


def test_rows_columns_and_comments_come_back_unchanged(tiny: Fleet, ask_written: Asker) -> None:
    for table in tiny.tables:
        where = f"schema_name = '{table.schema}' AND table_name = '{table.name}'"
        rows = ask_written(table.source, f'SELECT * FROM "{table.schema}"."{table.name}" ORDER BY rowid')
        columns = ask_written(
            table.source, f"SELECT column_name, data_type, comment FROM duckdb_columns() WHERE {where}"
        )
        assert rows == list(table.rows)
        assert columns == [(column.name, column.type, column.comment) for column in table.columns]
        assert ask_written(table.source, f"SELECT comment FROM duckdb_tables() WHERE {where}") == [
            (table.comment,)
        ]


def test_views_answer_and_have_their_columns_and_comments(tiny: Fleet, ask_written: Asker) -> None:
    assert {view.name for view in tiny.views} == {
        "mart_daily_store_revenue",
        "mart_customer_health",
        "mart_product_mix",
    }
    for view in tiny.views:
        where = f"schema_name = '{view.schema}' AND table_name = '{view.name}'"
        columns = ask_written(
            view.source, f"SELECT column_name, data_type, comment FROM duckdb_columns() WHERE {where}"
        )
        assert columns == [(column.name, column.type, column.comment) for column in view.columns]
        named = f"schema_name = '{view.schema}' AND view_name = '{view.name}'"
        assert ask_written(view.source, f"SELECT comment FROM duckdb_views() WHERE {named}") == [
            (view.comment,)
        ]
        assert ask_written(view.source, f"SELECT count(*) > 3 FROM {view.schema}.{view.name}") == [(True,)]


def test_primary_key_is_kept(tiny: Fleet, ask_written: Asker) -> None:
    for table in tiny.tables:
        found = ask_written(
            table.source,
            "SELECT constraint_column_names FROM duckdb_constraints() "
            f"WHERE constraint_type = 'PRIMARY KEY' AND schema_name = '{table.schema}' "
            f"AND table_name = '{table.name}'",
        )
        assert found == [(list(table.primary_key),)]


@pytest.mark.parametrize(("dialect", "found"), [("mysql", [("Cold Brew",)]), ("postgres", [])])
def test_case_counts_as_on_the_server(tmp_path: Path, dialect: str, found: list[tuple[str]]) -> None:
    path = tmp_path / "sample.duckdb"
    write_source([table_of(("Cold Brew",))], path, dialect=dialect)
    assert ask(path, f"""SELECT * FROM {ODD} WHERE "it's" = 'COLD brew' """) == found


def test_a_table_without_rows_exists(tmp_path: Path) -> None:
    path = tmp_path / "sample.duckdb"
    write_source([table_of()], path, dialect="mysql")
    assert ask(path, f"SELECT count(*) FROM {ODD}") == [(0,)]


def test_a_file_is_replaced_whole_and_never_written_into(tmp_path: Path) -> None:
    path, held_by_a_reader = tmp_path / "sample.duckdb", tmp_path / "held.duckdb"
    write_source([table_of(("old",))], path, dialect="mysql")
    held_by_a_reader.hardlink_to(path)
    write_source([table_of(("new",))], path, dialect="mysql")
    assert ask(path, f"SELECT * FROM {ODD}") == [("new",)]
    assert ask(held_by_a_reader, f"SELECT * FROM {ODD}") == [("old",)]


def broken_key() -> Table:
    return table_of(("twice",), ("twice",))


def unknown_type() -> Table:
    return table_of((1,), columns=(Column(name="n", type="UTINYINT"),))


@pytest.mark.parametrize(
    ("broken", "error"), [(broken_key, duckdb.ConstraintException), (unknown_type, ValueError)]
)
def test_a_failed_write_leaves_the_old_file_and_no_rest(
    tmp_path: Path, broken: Callable[[], Table], error: type[Exception]
) -> None:
    path = tmp_path / "sample.duckdb"
    write_source([table_of(("old",))], path, dialect="mysql")
    with pytest.raises(error):
        write_source([broken()], path, dialect="mysql")
    assert ask(path, f"SELECT * FROM {ODD}") == [("old",)]
    assert list(tmp_path.iterdir()) == [path]


def test_a_source_without_a_dialect_stops_before_any_file(tiny: Fleet, tmp_path: Path) -> None:
    dialects = {source: dialect for source, dialect in DIALECTS.items() if "salesorder" not in source}
    with pytest.raises(ValueError, match="aws-luckyus-salesorder-rw"):
        write_fleet(tiny, tmp_path, dialects=dialects)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_files(tiny: Fleet, tmp_path: Path) -> None:
    reports: list[tuple[str, int, int]] = []
    write_fleet(tiny, tmp_path, dialects=DIALECTS, progress=lambda *report: reports.append(report))
    files = len({table.source for table in tiny.tables})
    assert [report for report in reports if report[0] == "files"] == [
        ("files", done, files) for done in range(1, files + 1)
    ]
    rows = [done for part, done, total in reports if part == "rows" and total == 0]
    assert rows == sorted(rows) and rows[-1] == sum(len(table.rows) for table in tiny.tables)
