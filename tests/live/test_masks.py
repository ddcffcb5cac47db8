"""The case tables of the masks on real servers: their regular expressions must read the patterns alike."""

from collections.abc import Iterator, Sequence

import psycopg
import pymysql
import pytest
from sqlglot import exp

from lucky_mcp.enforcement.mask_forms import mask_expression
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.model.decision import MaskName, VisibleColumn
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.policy.tokens import token_of
from tests.support.cases import MaskCase, mask_cases
from tests.support.servers import has_mariadb, has_postgres, mariadb, postgres
from tests.support.token_keys import K

COLUMN_TYPES = {
    Kind.MYSQL: {"VARCHAR": "LONGTEXT", "TIMESTAMP": "DATETIME(6)"},
    Kind.POSTGRES: {"VARCHAR": "TEXT", "DOUBLE": "DOUBLE PRECISION"},
    Kind.REDSHIFT: {"VARCHAR": "TEXT", "DOUBLE": "DOUBLE PRECISION"},
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
        cursor.execute(f"SET @lucky_k = CAST('{K}' AS BINARY)")
        yield cursor


@pytest.fixture(scope="module")
def postgres_cursor() -> Iterator[Cursor]:
    if not has_postgres():
        pytest.skip("PostgreSQL is not installed")
    with postgres() as server, server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SET lucky.k = '{K}'")
        yield cursor


def differing(cursor: Cursor, dialect: Dialect, kind: Kind, cases: Sequence[MaskCase] = CASES) -> list[str]:
    return [f"{case.mask}: {case.title}" for case in cases if not _agrees(cursor, case, dialect, kind)]


def _agrees(cursor: Cursor, case: MaskCase, dialect: Dialect, kind: Kind) -> bool:
    column = VisibleColumn(name="v", type=case.type, tags=case.tags, mask=MaskName(case.mask))
    shown = render_engine(mask_expression(column, exp.column("v", table="t"), dialect), dialect, kind)
    type_ = COLUMN_TYPES[kind].get(case.type, case.type)
    cast = f"::{type_}" if kind is not Kind.MYSQL else ""
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


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("VARCHAR(20) CHARACTER SET latin1", "é"),
        ("VARCHAR(20) CHARACTER SET gbk", "王芳"),
        ("VARCHAR(20) CHARACTER SET big5", "王芳"),
        ("VARCHAR(20) CHARACTER SET utf16", "😀"),
        ("VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "王芳"),
        ("CHAR(20)", "王芳"),
        ("ENUM('王芳', 'b')", "王芳"),
    ],
)
def test_a_token_in_mariadb_is_of_the_text_whatever_its_bytes(
    mariadb_cursor: Cursor, type_: str, value: str
) -> None:
    assert _token(mariadb_cursor, type_, value, Kind.MYSQL) == token_of(value, K, ("pii.name",))


@pytest.mark.parametrize("mask", ["last4", "email_domain", "initial", "scrub", "redact", "null"])
def test_masked_text_keeps_the_collation_of_its_column(mariadb_cursor: Cursor, mask: str) -> None:
    """As in a masked copy: text without one compares by the session's, which cannot be mixed with some others."""
    column = VisibleColumn(name="v", type="VARCHAR(20)", mask=MaskName(mask))
    form = mask_expression(column, exp.column("v", table="t"), Dialect.MYSQL)
    shown = f"(SELECT {render_engine(form, Dialect.MYSQL, Kind.MYSQL)} AS v, w FROM t LIMIT 9) AS d"
    mariadb_cursor.execute("DROP TABLE IF EXISTS t")
    mariadb_cursor.execute("CREATE TABLE t (v VARCHAR(20), w VARCHAR(20)) COLLATE utf8mb4_polish_ci")
    mariadb_cursor.execute("INSERT INTO t VALUES ('a@b.c', 'B'), (NULL, 'b')")
    mariadb_cursor.execute(f"SELECT COLLATION(v), COERCIBILITY(v) = COERCIBILITY(w) FROM {shown}")
    assert mariadb_cursor.fetchall() == (("utf8mb4_polish_ci", 1),) * 2
    mariadb_cursor.execute(f"SELECT COUNT(*) FROM (SELECT v FROM {shown} UNION SELECT w FROM t) AS u")
    assert mariadb_cursor.fetchall() == ((2 if mask == "null" else 3,),)


@pytest.mark.parametrize("type_", ["VARCHAR(20)", "CHAR(20)", "TEXT", 'TEXT COLLATE "C"'])
def test_a_token_in_postgres_is_of_the_text_without_padding(postgres_cursor: Cursor, type_: str) -> None:
    assert _token(postgres_cursor, type_, "王芳", Kind.POSTGRES) == token_of("王芳", K, ("pii.name",))


def _token(cursor: Cursor, type_: str, value: str, kind: Kind) -> object:
    dialect = Dialect.MYSQL if kind is Kind.MYSQL else Dialect.POSTGRES
    column = VisibleColumn(name="v", type="VARCHAR", tags=("pii.name",), mask=MaskName.TOKEN)
    shown = render_engine(mask_expression(column, exp.column("v", table="t"), dialect), dialect, kind)
    cursor.execute("DROP TABLE IF EXISTS t")
    cursor.execute(f"CREATE TABLE t (v {type_})")
    cursor.execute("INSERT INTO t VALUES (%s)", (value,))
    cursor.execute(f"SELECT {shown} FROM t")
    row = cursor.fetchone()
    assert row is not None
    return row[0]
