"""The case tables of the masks on real servers: their regular expressions must read the patterns alike."""

from collections.abc import Iterator

import psycopg
import pymysql
import pytest
from sqlglot import exp

from lucky_mcp.enforcement.mask_forms import mask_expression
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.model.decision import MaskName, VisibleColumn
from lucky_mcp.model.source import Dialect, Kind
from tests.support.cases import MaskCase, mask_cases
from tests.support.servers import has_mariadb, has_postgres, mariadb, postgres

COLUMN_TYPES = {
    Kind.MYSQL: {"VARCHAR": "LONGTEXT", "TIMESTAMP": "DATETIME(6)"},
    Kind.POSTGRES: {"VARCHAR": "TEXT", "DOUBLE": "DOUBLE PRECISION"},
}
Cursor = pymysql.cursors.Cursor | psycopg.Cursor[tuple[object, ...]]
# MariaDB has no infinity.
CASES = [case for case in mask_cases() if case.value is not None and case.value != "inf"]


@pytest.fixture(scope="module")
def mariadb_cursor() -> Iterator[Cursor]:
    if not has_mariadb():
        pytest.skip("MariaDB is not installed")
    with mariadb() as server, server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE masks CHARACTER SET utf8mb4")
        cursor.execute("USE masks")
        yield cursor


@pytest.fixture(scope="module")
def postgres_cursor() -> Iterator[Cursor]:
    if not has_postgres():
        pytest.skip("PostgreSQL is not installed")
    with postgres() as server, server.connect() as connection, connection.cursor() as cursor:
        yield cursor


def differing(cursor: Cursor, dialect: Dialect, kind: Kind) -> list[str]:
    return [f"{case.mask}: {case.title}" for case in CASES if not _agrees(cursor, case, dialect, kind)]


def _agrees(cursor: Cursor, case: MaskCase, dialect: Dialect, kind: Kind) -> bool:
    column = VisibleColumn(name="v", type=case.type, tags=case.tags, mask=MaskName(case.mask))
    shown = render_engine(mask_expression(column, exp.column("v", table="t"), dialect), dialect, kind)
    type_ = COLUMN_TYPES[kind].get(case.type, case.type)
    cast = f"::{type_}" if kind is Kind.POSTGRES else ""
    cursor.execute("DROP TABLE IF EXISTS t")
    cursor.execute(f"CREATE TABLE t (v {type_})")
    cursor.execute(f"INSERT INTO t VALUES (%s{cast})", (case.value,))
    cursor.execute(f"SELECT {shown} FROM t".replace("%", "%%"), ())
    row = cursor.fetchone()
    assert row is not None
    if case.type == "DOUBLE" and case.shown is not None and case.mask == "round":
        return float(str(row[0])) == float(case.shown)
    return (None if row[0] is None else str(row[0])) == case.shown


def test_mariadb_shows_what_the_tables_say(mariadb_cursor: Cursor) -> None:
    assert differing(mariadb_cursor, Dialect.MYSQL, Kind.MYSQL) == []


def test_postgres_shows_what_the_tables_say(postgres_cursor: Cursor) -> None:
    assert differing(postgres_cursor, Dialect.POSTGRES, Kind.POSTGRES) == []
