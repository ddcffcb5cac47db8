"""The fifth lock for embedded sources: a text that escaped the guard still finds nothing to write or to reach.

The statements go straight to the adapter's connection, past every check, and each is also shown to work on an
ordinary connection to the same file: it is the way of opening that stops them.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from lucky_mcp.adapters.duckdb import DuckDBAdapter
from lucky_mcp.model.source import Dialect
from tests.support.sources import embedded_source

SETTINGS = {
    "access_mode": "read_only",
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
}

ATTEMPTS = [
    "INSERT INTO t VALUES (2)",
    "UPDATE t SET a = 2",
    "DELETE FROM t",
    "DROP TABLE t",
    "CREATE TABLE u (a INTEGER)",
    "CREATE VIEW u AS SELECT 1 AS a",
    "COPY t TO '{folder}/out.csv'",
    "COPY t TO '{folder}/source.duckdb.tmp/out.csv'",
    "COPY t FROM '{folder}/in.csv'",
    "EXPORT DATABASE '{folder}/export'",
    "ATTACH '{folder}/other.duckdb' AS other",
    "SELECT * FROM read_csv('{folder}/in.csv')",
    "SELECT * FROM read_text('{folder}/in.csv')",
    "SELECT * FROM '{folder}/in.csv'",
    "SELECT * FROM glob('{folder}/*')",
    "SET threads = 1",
    "SET GLOBAL memory_limit = '2GB'",
    "SET autoload_known_extensions = true",
    "PRAGMA threads = 1",
    "RESET threads",
]

# These cannot work on an ordinary connection either, at least not without a network.
ATTEMPTS_WITHOUT_CONTROL = [
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "INSTALL httpfs",
    "LOAD '{folder}/in.csv'",
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file with one table of one row, beside a file of text."""
    path = tmp_path / "source.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
        connection.execute("INSERT INTO t VALUES (1)")
    (tmp_path / "in.csv").write_text("3\n", encoding="utf-8")
    (tmp_path / "source.duckdb.tmp").mkdir()  # where the engine would put rows that do not fit into memory
    return path


@pytest.fixture(params=list(Dialect), ids=str)
def cursor(request: pytest.FixtureRequest, database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The adapter's own connection to the file, for each dialect it may be opened for."""
    adapter = DuckDBAdapter(embedded_source(database, dialect=request.param))
    with adapter.cursor() as cursor:
        yield cursor


def test_it_reads(cursor: duckdb.DuckDBPyConnection) -> None:
    assert cursor.execute("SELECT a FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize(("setting", "value"), SETTINGS.items())
def test_it_is_opened_with(cursor: duckdb.DuckDBPyConnection, setting: str, value: str) -> None:
    found = cursor.execute(f"SELECT lower(current_setting('{setting}')::VARCHAR)").fetchone()
    assert found == (value,)


@pytest.mark.parametrize("attempt", [*ATTEMPTS, *ATTEMPTS_WITHOUT_CONTROL])
def test_it_refuses(cursor: duckdb.DuckDBPyConnection, attempt: str, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(duckdb.Error):
        cursor.execute(attempt.format(folder=tmp_path)).fetchall()
    assert cursor.execute("SELECT a FROM t").fetchall() == [(1,)]
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_ordinary_connection_does_not(attempt: str, database: Path) -> None:
    with duckdb.connect(database) as ordinary:
        ordinary.execute(attempt.format(folder=database.parent))
