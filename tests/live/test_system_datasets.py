"""The datasets of the schema `system` on real servers: all of them, for their roles alone, and without a literal."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pymysql
import pytest

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.source_health import questions, source_health
from lucky_mcp.gateway.system_datasets import SCHEMA, system_datasets, with_system
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.grants import INSIGHT, OPTIONAL, PASSWORD, grant_script
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.ops_tools import health_text
from tests.live.fleet import READER
from tests.live.zoo import NAME, Zoo, make_zoo
from tests.support.house import ANALYST, DBA, gateway_over
from tests.support.servers import MariaDB, Postgres, has_mariadb, has_postgres, mariadb, postgres

DBA_ROLE = """
  dba:
    description: Server health and metadata, no business rows
    toolset: dba
    reads_system: true
"""
SECRET = "2125550199"
SECRET_WORD = "one for tests"
MAIL = "ann@example.com"
# What a statement can hide a value in, and how much of it may be shown.
HOSTILE = {
    Kind.MYSQL: {
        f"SELECT id FROM t_user WHERE phone = '{SECRET}'": "SELECT id FROM t_user WHERE phone = ...",
        f'SELECT id FROM t_user WHERE phone = "{SECRET}"': "SELECT id FROM t_user WHERE phone = ...",
        f"SELECT id FROM t_user WHERE phone = {SECRET}": "SELECT id FROM t_user WHERE phone = ...",
        f"SELECT id FROM t_user WHERE phone = 0x{SECRET.encode().hex()}": "SELECT id FROM t_user WHERE phone = ...",
        f"SELECT /* {MAIL} */ id FROM t_user": "SELECT ...",
        f"SELECT id -- {MAIL}\n FROM t_user": "SELECT id ...",
        f"SELECT id # {MAIL}\n FROM t_user": "SELECT id ...",
        f"SELECT id\nFROM t_user\nWHERE phone = N'{SECRET}' OR user_no = '{MAIL}'": "SELECT id\nFROM t_user\nWHERE phone = N...",
    },
    Kind.POSTGRES: {
        f"SELECT id FROM t_user WHERE phone = '{SECRET}'": "SELECT id FROM t_user WHERE phone = ...",
        f"SELECT id FROM t_user WHERE phone = $${SECRET}$$": "SELECT id FROM t_user WHERE phone = ...",
        f"SELECT id FROM t_user WHERE phone = $tag${SECRET}$tag$": "SELECT id FROM t_user WHERE phone = ...",
        f"SELECT id FROM t_user WHERE id = {SECRET}": "SELECT id FROM t_user WHERE id =...",
        f"SELECT /* {MAIL} */ id FROM t_user": "SELECT ...",
        f"SELECT id -- {MAIL}\n FROM t_user": "SELECT id ...",
        f"SELECT id\nFROM t_user\nWHERE phone = E'{SECRET}' OR user_no = U&'{MAIL}'": "SELECT id\nFROM t_user\nWHERE phone = E...",
    },
}


@pytest.fixture(scope="module", params=[Kind.MYSQL, Kind.POSTGRES])
def running(request: pytest.FixtureRequest) -> Iterator[MariaDB | Postgres]:
    """Each server with its statistics of statements switched on, as a managed one has them."""
    if request.param is Kind.MYSQL:
        if not has_mariadb():
            pytest.skip("mariadbd is not installed")
        with mariadb("--performance-schema=ON") as server:
            yield server
    else:
        if not has_postgres():
            pytest.skip("postgres is not installed")
        with postgres("shared_preload_libraries=pg_stat_statements") as server:
            yield server


@pytest.fixture
async def zoo(running: MariaDB | Postgres, tmp_path: Path) -> Zoo:
    """A database whose reader may see what the server says of itself."""
    kind = Kind.MYSQL if isinstance(running, MariaDB) else Kind.POSTGRES
    made = make_zoo(kind, running, tmp_path / "policies")
    roles = made.directory / "roles.yaml"
    roles.write_text(roles.read_text(encoding="utf-8") + DBA_ROLE, encoding="utf-8")
    if kind is Kind.MYSQL:
        made.admin(f"GRANT PROCESS ON *.* TO {READER}", f"GRANT SELECT ON performance_schema.* TO {READER}")
    else:
        made.admin(
            "CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public",
            f"GRANT pg_read_all_stats TO {READER}",
        )
    await made.accepted()
    made.grant({"t_user": ["id"]})
    return made


async def code_of(gateway: Gateway, principal: object, sql: str) -> Code | None:
    try:
        await gateway.read(principal, SqlRead(source=NAME, sql=sql))  # type: ignore[arg-type]
    except ReadError as refused:
        return refused.code
    return None


async def test_every_dataset_is_read_by_its_roles_alone(zoo: Zoo) -> None:
    gateway = zoo.gateway()
    views = [name for name in system_datasets(zoo.kind).catalog.tables if name.schema == SCHEMA]
    assert len(views) >= 7
    for name in views:
        assert await code_of(gateway, DBA, f"SELECT * FROM {name}") is None, name
        assert await code_of(gateway, ANALYST, f"SELECT * FROM {name}") is Code.UNKNOWN_NAME, name
    for name in system_datasets(zoo.kind).catalog.tables:
        if name.schema != SCHEMA:
            assert await code_of(gateway, DBA, f"SELECT * FROM {name}") is Code.UNKNOWN_NAME, name
    assert await code_of(gateway, DBA, "SELECT id FROM zoo.t_user") is Code.UNKNOWN_NAME, "no business rows"
    tables = await gateway.read(DBA, SqlRead(source=NAME, sql="SELECT table_name FROM system.tables"))
    assert ("t_user",) in tables.rows
    described = gateway.visible.table(DBA, NAME, "system.processes")
    assert described.kind == "view" and "statement" in [column.name for column in described.columns]
    await gateway.close()


async def test_the_printed_rights_are_enough_and_all_are_needed(zoo: Zoo) -> None:
    """An account made by the script of `sources grants` reads every dataset once its optional part is run."""
    account = "insight"
    source = replace_user(zoo, account).sources[NAME]
    script = (
        grant_script(source, zoo.policies().catalogs[NAME]).replace(PASSWORD, f"'{SECRET_WORD}'").splitlines()
    )
    must = [line for line in script if not line.startswith("--")]
    optional = [line.removeprefix(OPTIONAL) for line in script if line.startswith(OPTIONAL)]
    assert len(optional) >= 2
    views = [name for name in system_datasets(zoo.kind).catalog.tables if name.schema == SCHEMA]
    drop_account(zoo, account)
    try:
        zoo.admin(*must)
        gateway = gateway_over(
            with_system(replace_user(zoo, account)), environment=environment_of(zoo, account)
        )
        before = {name: await code_of(gateway, DBA, f"SELECT * FROM {name}") for name in views}
        own = await statements(gateway, "SELECT statement FROM system.processes")
        # Without the comment that says who asks, which would hide the rest as a literal does.
        assert any(each.startswith("SELECT ") and "lucky-mcp" not in each for each in own)
        await gateway.close()
        zoo.admin(*optional)
        gateway = gateway_over(
            with_system(replace_user(zoo, account)), environment=environment_of(zoo, account)
        )
        with at_work(zoo, "SELECT id FROM t_user"):
            assert await code_of(gateway, DBA, "SELECT * FROM system.processes") is None
            seen = await statements(gateway, "SELECT statement FROM system.processes")
        assert {
            name: await code_of(gateway, DBA, f"SELECT * FROM {name}") for name in views
        } == dict.fromkeys(views)
        await gateway.close()
        assert "SELECT id FROM t_user" in seen and "SELECT id FROM t_user" not in own
        if zoo.kind is Kind.MYSQL:
            assert set(before.values()) - {None}, "the optional part changes nothing"
    finally:
        drop_account(zoo, account)


def environment_of(zoo: Zoo, account: str) -> dict[str, str]:
    return {**zoo.environment, "ZOO_USER": account, "ZOO_PASSWORD": SECRET_WORD}


def replace_user(zoo: Zoo, account: str) -> PolicySet:
    return load_policies(zoo.directory, environment_of(zoo, account))


def drop_account(zoo: Zoo, account: str) -> None:
    if zoo.kind is Kind.MYSQL:
        zoo.admin(f"DROP USER IF EXISTS '{account}'@'%'")
        return
    with zoo.running.connect() as connection:  # type: ignore[union-attr]
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (account,)).fetchone()  # type: ignore[union-attr]
    if found:
        zoo.admin(f"DROP OWNED BY {account}", f"DROP ROLE {account}")


def test_the_printed_rights_are_those_of_the_tables_below() -> None:
    read = {str(name) for name in system_datasets(Kind.MYSQL).catalog.tables}
    below = {name for name in read if name.startswith("performance_schema.")}
    assert below == {f"performance_schema.{table}" for table in INSIGHT}


async def test_a_running_statement_is_shown_up_to_its_first_literal(zoo: Zoo) -> None:
    gateway = zoo.gateway()
    for text, shown in HOSTILE[zoo.kind].items():
        with at_work(zoo, text):
            rows = await statements(gateway, "SELECT statement FROM system.processes")
        everything = "\n".join(rows)
        assert SECRET not in everything and MAIL not in everything, text
        assert SECRET.encode().hex() not in everything
        assert shown in rows, (text, rows)
    await gateway.close()


async def test_digests_hold_no_literal(zoo: Zoo) -> None:
    gateway = zoo.gateway()
    for text in HOSTILE[zoo.kind]:
        with suppress(pymysql.Error, psycopg.Error):
            zoo.admin(text)
    if zoo.kind is Kind.POSTGRES:  # what the extension itself leaves as it was written
        zoo.admin(
            f"CREATE TABLE copied AS SELECT id FROM t_user WHERE phone = '{SECRET}'", "DROP TABLE copied"
        )
    rows = await statements(gateway, "SELECT statement FROM system.statements")
    assert any("FROM" in row and "t_user" in row for row in rows), rows
    assert not [row for row in rows if SECRET in row or MAIL in row or SECRET.encode().hex() in row]
    await gateway.close()


async def test_sizes_are_powers_of_ten(zoo: Zoo) -> None:
    values = ", ".join(f"({number}, 'a', FALSE)" for number in range(137))
    analyze = "ANALYZE TABLE t_user" if zoo.kind is Kind.MYSQL else "VACUUM ANALYZE t_user"
    zoo.admin(f"INSERT INTO t_user (id, user_no, is_test) VALUES {values}".replace("(0,", "(1000,"), analyze)
    table = "tables" if zoo.kind is Kind.MYSQL else "table_use"
    gateway = zoo.gateway()
    sql = f"SELECT rows_at_least FROM system.{table} WHERE table_schema = 'zoo' AND table_name = 't_user'"
    for _ in range(50):
        rows = (await gateway.read(DBA, SqlRead(source=NAME, sql=sql))).rows
        if str(rows[0][0]) == "100":
            break
        await asyncio.sleep(0.1)  # PostgreSQL's statistics come a little later
    assert list(rows) == [("100",)]
    await gateway.close()


async def test_the_health_of_a_source(zoo: Zoo) -> None:
    gateway = zoo.gateway()
    health = await source_health(gateway, DBA, NAME)
    text = health_text(health)
    assert text.startswith(f"OK health of {NAME} · {zoo.kind}")
    assert "catalog: not looked at since the start" in text
    for title in questions()[zoo.kind]:
        assert f"# {title} · " in text, text
    assert "not measured" not in text
    with pytest.raises(ReadError) as refused:
        await source_health(gateway, ANALYST, NAME)
    assert refused.value.code is Code.SOURCE_UNAVAILABLE
    await gateway.close()


async def statements(gateway: Gateway, sql: str) -> list[str]:
    rows = (await gateway.read(DBA, SqlRead(source=NAME, sql=sql, rows_max=500))).rows
    return [str(statement) for (statement,) in rows if statement is not None]


@contextmanager
def at_work(zoo: Zoo, text: str) -> Iterator[None]:
    """Have the server work on the text for as long as the block takes: the table is locked meanwhile."""
    with locked(zoo):
        worker = threading.Thread(target=_asked, args=(zoo, text), daemon=True)
        worker.start()
        _wait_for(zoo)
        yield
    worker.join()


def _asked(zoo: Zoo, text: str) -> None:
    with suppress(pymysql.Error, psycopg.Error):
        zoo.admin(text)


@contextmanager
def locked(zoo: Zoo) -> Iterator[None]:
    if isinstance(zoo.running, MariaDB):
        with zoo.running.connect(NAME) as connection, connection.cursor() as cursor:
            cursor.execute("LOCK TABLES t_user WRITE")
            yield
            cursor.execute("UNLOCK TABLES")
    else:
        with psycopg.connect(
            host=str(zoo.running.folder), port=zoo.running.port, user="lucky", dbname=NAME
        ) as connection:
            connection.execute("LOCK TABLE zoo.t_user IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()


def _wait_for(zoo: Zoo) -> None:
    """Wait until somebody waits for the lock."""
    for _ in range(200):
        if isinstance(zoo.running, MariaDB):
            with zoo.running.connect() as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'"
                )
                if cursor.fetchall():
                    return
        else:
            with zoo.running.connect() as other:
                if other.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
                    return
        time.sleep(0.05)
    raise AssertionError("nothing waits")
