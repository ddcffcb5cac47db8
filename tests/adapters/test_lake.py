"""A lake folder that is missing, broken, uneven or being written: a closed kind, then the new files at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lucky_mcp.adapters import lake_files as files
from lucky_mcp.adapters.duckdb import DuckDBAdapter
from lucky_mcp.adapters.lake import LakeDatabase
from lucky_mcp.enforcement.guarded import GuardedSql, seal_sql
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.decision import Bound
from lucky_mcp.model.source import Kind, Source
from tests.support.sources import embedded_source

ROWS = 2_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lake of two datasets with two markets each, and a file beside it."""
    for dataset in ("orders", "items"):
        for market, count in (("US", ROWS), ("NZ", 10)):
            write(tmp_path / "lake", market, {"id": list(range(count)), "name": ["x"] * count}, dataset)
    write(tmp_path / "elsewhere", "US", {"id": [1]}, "orders")
    return tmp_path / "lake"


def write(lake: Path, market: str, columns: dict[str, list[object]], dataset: str = "orders") -> Path:
    place = lake / "raw" / dataset / f"market={market}"
    place.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), place / "part-0.parquet")
    return place / "part-0.parquet"


def source(folder: Path) -> Source:
    return embedded_source(folder, kind=Kind.LAKE)


def opened(folder: Path) -> LakeDatabase:
    return LakeDatabase(source(folder))


class Changing(LakeDatabase):
    """A lake in which a file is replaced while each query runs."""

    def is_intact(self) -> bool:
        path = next(iter(self._lake["raw", "orders"]))
        os.utime(path, ns=(1, 1))
        return super().is_intact()


def sealed(of: Source, sql: str) -> GuardedSql:
    bound = Bound(rows_max=10, rows_default=10, bytes_max=10_000, cell_chars_max=100, timeout_ms=10_000)
    return seal_sql(
        source=of,
        text_agent=sql,
        text=sql,
        text_fenced=sql,
        bound=bound,
        rows_max=10,
        always_fenced=True,
        holds_time=False,
    )


def asked(folder: Path, sql: str = "SELECT market, COUNT(*), SUM(id) FROM raw.orders GROUP BY 1") -> object:
    """Return the rows, or the kind of the failure; the lake is opened for it."""
    try:
        lake = opened(folder)
    except EngineError as failure:
        return failure.kind
    try:
        with lake.connection as connection:
            return sorted(connection.execute(sql).fetchall())
    except duckdb.Error as failure:
        return lake.failure(failure).kind


def test_a_dataset_is_a_table_with_its_partition_as_text(folder: Path) -> None:
    assert asked(folder) == [("NZ", 10, 45), ("US", ROWS, ROWS * (ROWS - 1) // 2)]
    write(folder, "64", {"id": [1], "name": ["y"]})
    assert asked(folder, "SELECT DISTINCT market FROM raw.orders") == [("64",), ("NZ",), ("US",)]


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def empty_folder(folder: Path) -> None:
    shutil.rmtree(folder / "raw")


def remove_dataset(folder: Path) -> None:
    shutil.rmtree(folder / "raw" / "orders")


def truncate(folder: Path) -> None:
    path = folder / "raw/orders/market=US/part-0.parquet"
    path.write_bytes(path.read_bytes()[:-100])


def fill_with_noise(folder: Path) -> None:
    (folder / "raw/orders/market=NZ/part-0.parquet").write_bytes(b"PAR1" + b"\x00" * 500 + b"PAR1")


def empty_file(folder: Path) -> None:
    (folder / "raw/orders/market=US/part-1.parquet").write_bytes(b"")


def another_type(folder: Path) -> None:
    write(folder, "NZ", {"id": ["one"], "name": ["x"]})


def missing_column(folder: Path) -> None:
    write(folder, "US", {"id": [1]})


def further_column(folder: Path) -> None:
    write(folder, "NZ", {"id": [1], "name": ["x"], "note": ["y"]})


def another_partition_key(folder: Path) -> None:
    place = folder / "raw" / "orders" / "region=EU"
    place.mkdir()
    pq.write_table(pa.table({"id": [1], "name": ["x"]}), place / "part-0.parquet")


@pytest.mark.parametrize(
    "spoil",
    [
        remove_folder,
        empty_folder,
        remove_dataset,
        truncate,
        fill_with_noise,
        empty_file,
        another_type,
        missing_column,
        further_column,
        another_partition_key,
    ],
)
def test_a_spoilt_dataset_is_unavailable(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    assert asked(folder) is EngineErrorKind.UNAVAILABLE


@pytest.mark.parametrize("spoil", [remove_dataset, truncate, fill_with_noise, another_type, missing_column])
def test_the_other_datasets_stay_readable(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    assert asked(folder, "SELECT COUNT(*) FROM raw.items") == [(ROWS + 10,)]


@pytest.mark.parametrize(
    "spoil", [remove_folder, remove_dataset, truncate, fill_with_noise, another_type, missing_column]
)
def test_what_happens_between_opening_and_reading_is_noticed(
    folder: Path, spoil: Callable[[Path], None]
) -> None:
    lake = opened(folder)
    assert lake.is_current() and lake.is_intact()
    spoil(folder)
    assert not lake.is_current() and not lake.is_intact()
    try:
        lake.connection.execute("SELECT market, SUM(id), MAX(name) FROM raw.orders GROUP BY 1").fetchall()
    except duckdb.Error as failure:
        assert lake.failure(failure).kind is EngineErrorKind.UNAVAILABLE
    lake.connection.close()


def test_a_file_that_grows_is_read_whole_the_next_time(folder: Path) -> None:
    path = write(folder, "NZ", {"id": list(range(20)), "name": ["z"] * 20})
    assert asked(folder, "SELECT COUNT(*) FROM raw.orders WHERE market = 'NZ'") == [(20,)]
    lake = opened(folder)
    os.utime(path, ns=(1, 1))
    assert not lake.is_current() and not lake.is_intact()


def test_a_further_file_leaves_running_reads_alone(folder: Path) -> None:
    lake = opened(folder)
    write(folder, "CK", {"id": [1], "name": ["z"]})
    assert lake.is_intact() and not lake.is_current()


async def test_a_read_during_which_a_file_changed_gives_no_rows(folder: Path) -> None:
    """The rows may be of the old file and of the new one: neither of the two answers."""
    adapter = DuckDBAdapter(source(folder), Changing)
    with pytest.raises(EngineError) as failed:
        await adapter.run(sealed(source(folder), "SELECT id FROM raw.orders"), fenced=True)
    assert failed.value.kind is EngineErrorKind.UNAVAILABLE
    await adapter.close()


def test_a_file_being_written_does_not_count(folder: Path) -> None:
    lake = opened(folder)
    before = asked(folder)
    half = folder / "raw/orders/market=US/.part-1.parquet"
    half.write_bytes(b"PAR1 half")
    (folder / "raw" / ".orders-new").mkdir()
    (folder / "raw/orders/market=US/_SUCCESS").write_text("")
    assert lake.is_current()
    assert asked(folder) == before


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "raw/orders/market=US/part-9.parquet").symlink_to(
        folder.parent / "elsewhere/raw/orders/market=US/part-0.parquet"
    )
    assert asked(folder) is EngineErrorKind.UNAVAILABLE


def test_a_linked_dataset_is_not_followed_either(folder: Path) -> None:
    (folder / "raw" / "foreign").symlink_to(folder.parent / "elsewhere/raw/orders")
    assert asked(folder) is EngineErrorKind.UNAVAILABLE


def test_a_name_that_is_no_identifier_is_passed_over(folder: Path) -> None:
    shutil.copytree(folder / "raw" / "orders", folder / "raw" / 'x"; DROP SCHEMA raw; --')
    assert asked(folder, "SELECT COUNT(*) FROM raw.orders") == [(ROWS + 10,)]


def test_a_quote_in_the_path_is_a_quote(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "it's a lake"
    folder.rename(moved)
    assert asked(moved, "SELECT COUNT(*) FROM raw.orders") == [(ROWS + 10,)]


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILES_MAX", 3)
    assert asked(folder) is EngineErrorKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT CAST(name AS INTEGER) FROM raw.orders", EngineErrorKind.RUNTIME),
        ("SELECT nope FROM raw.orders", EngineErrorKind.UNKNOWN_NAME),
        ("SELECT nope(id) FROM raw.orders", EngineErrorKind.INVALID_QUERY),
        ("SELECT CAST('parquet' AS INTEGER) FROM raw.orders", EngineErrorKind.RUNTIME),
        ("SELECT * FROM raw.nope", EngineErrorKind.UNAVAILABLE),
    ],
)
def test_a_failure_of_the_query_is_not_one_of_the_files(
    folder: Path, sql: str, kind: EngineErrorKind
) -> None:
    assert asked(folder, sql) is kind
