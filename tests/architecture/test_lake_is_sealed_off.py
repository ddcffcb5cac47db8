"""The fifth lock for the lake: a text that escaped the guard finds the files of its views, and no other.

As for the embedded files (test_duckdb_is_sealed_off.py), the statements go straight to the adapter's connection.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lucky_mcp.adapters.duckdb import DuckDBAdapter, only_select
from lucky_mcp.adapters.lake import LakeDatabase
from lucky_mcp.errors import EngineError
from lucky_mcp.model.source import Kind
from tests.architecture.test_duckdb_is_sealed_off import SETTINGS
from tests.support.sources import embedded_source

LAKE_SETTINGS = {name: value for name, value in SETTINGS.items() if name != "access_mode"}
READS = [
    "SELECT * FROM read_csv('{folder}/in.csv')",
    "SELECT * FROM read_text('{folder}/in.csv')",
    "SELECT * FROM '{folder}/in.csv'",
    "SELECT * FROM read_parquet('{folder}/beside.parquet')",
    "SELECT * FROM read_parquet('{folder}/lake/../beside.parquet')",
    "SELECT * FROM read_parquet('{folder}/lake/raw/t/market=US/later.parquet')",
    "SELECT * FROM parquet_metadata('{folder}/beside.parquet')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM glob('{folder}/lake/**')",
    "SELECT * FROM held_by_python",
]
REFUSED = [
    "INSERT INTO raw.t VALUES (2, 'US')",
    "UPDATE raw.t SET a = 2",
    "DELETE FROM raw.t",
    "COPY (SELECT 1 AS a) TO '{folder}/out.csv'",
    "COPY (SELECT 1 AS a) TO '{folder}/lake/raw/t/market=US/part-1.parquet'",
    "EXPORT DATABASE '{folder}/export'",
    "EXPORT DATABASE '{folder}/lake/export'",
    "ATTACH '{folder}/other.duckdb' AS other",
    "ATTACH '{folder}/lake/other.duckdb' AS other",
    "SET threads = 1",
    "SET allowed_paths = ['{folder}/in.csv']",
    "SET allowed_directories = ['{folder}']",
    "RESET allowed_paths",
    "SET GLOBAL memory_limit = '2GB'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET autoload_known_extensions = true",
    "INSTALL httpfs",
    "LOAD '{folder}/in.csv'",
    "RESET threads",
]
# The engine would do these in its memory, or to the one file it may open: the adapter runs nothing but a SELECT.
NO_SELECT = [
    "CREATE TABLE u (a INTEGER)",
    "CREATE OR REPLACE VIEW raw.t AS SELECT 2 AS a",
    "CREATE TEMP TABLE t AS SELECT 2 AS a",
    "DROP VIEW raw.t",
    "USE raw",
    "SET VARIABLE a = 1",
    "COPY (SELECT 1 AS a) TO '{folder}/lake/raw/t/market=US/part-0.parquet' (USE_TMP_FILE false)",
    "PREPARE p AS SELECT 1",
    "BEGIN",
    "CHECKPOINT",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW raw.t",
    "",
]


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The adapter's own connection to a lake of one file; a second one came later, others lie beside the folder."""
    place = tmp_path / "lake" / "raw" / "t" / "market=US"
    place.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), place / "part-0.parquet")
    pq.write_table(pa.table({"a": [3]}), tmp_path / "beside.parquet")
    (tmp_path / "in.csv").write_text("3\n", encoding="utf-8")
    adapter = DuckDBAdapter(embedded_source(tmp_path / "lake", kind=Kind.LAKE), LakeDatabase)
    with adapter.cursor() as cursor:
        pq.write_table(pa.table({"a": [4]}), place / "later.parquet")
        yield cursor


def test_it_reads(lake: duckdb.DuckDBPyConnection) -> None:
    assert lake.execute("SELECT a, market FROM raw.t").fetchall() == [(1, "US")]


@pytest.mark.parametrize(("setting", "value"), LAKE_SETTINGS.items())
def test_it_is_opened_with(lake: duckdb.DuckDBPyConnection, setting: str, value: str) -> None:
    found = lake.execute(f"SELECT lower(current_setting('{setting}')::VARCHAR)").fetchone()
    assert found == (value,)


def test_it_may_open_the_files_of_its_views_alone(lake: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    settings = "SELECT current_setting('allowed_directories'), current_setting('allowed_paths')"
    ((folders, paths),) = lake.execute(settings).fetchall()
    assert (folders, paths) == ([], [str(tmp_path / "lake/raw/t/market=US/part-0.parquet")])


@pytest.mark.parametrize("attempt", [*READS, *REFUSED])
def test_it_refuses(lake: duckdb.DuckDBPyConnection, attempt: str, tmp_path: Path) -> None:
    held_by_python = pa.table({"a": [1]})
    before = files_below(tmp_path)
    with pytest.raises(duckdb.Error):
        lake.execute(attempt.format(folder=tmp_path)).fetchall()
    assert lake.execute("SELECT a FROM raw.t").fetchall() == [(1,)]
    assert files_below(tmp_path) == before
    assert held_by_python.num_rows == 1


@pytest.mark.parametrize("attempt", READS)
def test_an_ordinary_connection_does_not(
    attempt: str, lake: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    held_by_python = pa.table({"a": [1]})
    with duckdb.connect() as ordinary:
        assert ordinary.execute(attempt.format(folder=tmp_path)).fetchall()
    assert held_by_python.num_rows == 1


@pytest.mark.parametrize("attempt", [*REFUSED, *NO_SELECT])
def test_the_adapter_runs_one_select(lake: duckdb.DuckDBPyConnection, attempt: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        only_select(lake, attempt.format(folder=tmp_path))


@pytest.mark.parametrize(
    "text", ["SELECT a FROM raw.t", "WITH u AS (SELECT a FROM raw.t) SELECT a FROM u", "VALUES (1)"]
)
def test_what_is_one_select_runs(lake: duckdb.DuckDBPyConnection, text: str) -> None:
    assert lake.execute(only_select(lake, text)).fetchall() == [(1,)]


def files_below(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_size) for path in folder.rglob("*"))
