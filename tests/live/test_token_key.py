"""k of the token mask on real servers: the same tokens everywhere, and k in nothing that a server shows or keeps."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lucky_mcp.adapters import mysql_token_key
from lucky_mcp.app.gateway import open_gateway
from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.tokens import token_of
from lucky_mcp.secrets.token_keys import TokenKeys
from lucky_mcp.settings import load_settings
from tests.live.fleet import (
    ENVIRONMENT,
    READER,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    moved,
    postgres_address,
    schemas_of,
)
from tests.support.house import ANALYST, opened, policies_over
from tests.support.reference import CRM, visible_rows
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres, has_mariadb, has_postgres, mariadb, postgres
from tests.support.token_keys import OTHER_SECRET, SECRET, K

USERS = SqlRead(source=CRM, sql="SELECT user_no, email FROM t_user ORDER BY user_no", rows_max=1000)
BITS = (0x0123456789ABCDEF, 0xFEDCBA9876543210, 0x8000000000000000, 0)
TALKATIVE = (
    *("--slow-query-log=ON", "--long-query-time=0", "--log-output=TABLE", "--performance-schema=ON"),
    "--performance-schema-instrument=statement/%=ON",
    *(f"--performance-schema-consumer-events-statements-{each}=ON" for each in ("current", "history")),
)
HISTORIES = (
    "SELECT sql_text FROM performance_schema.events_statements_current WHERE sql_text IS NOT NULL",
    "SELECT sql_text FROM performance_schema.events_statements_history WHERE sql_text IS NOT NULL",
    "SELECT digest_text FROM performance_schema.events_statements_summary_by_digest",
    "SELECT attr_value FROM performance_schema.session_connect_attrs",
)
SETTINGS = (
    "log_statement = 'all'",
    "log_min_duration_statement = 0",
    "log_connections = on",
    "log_duration = on",
)


@dataclass(frozen=True)
class Talkative:
    """A server that writes down all it is asked, with the customers, and a key file of the gateway's."""

    kind: Kind
    server: MariaDB | Postgres
    gateway: Gateway
    audit: MemorySink
    key: Path

    def running(self) -> str:
        """What it shows of its sessions now."""
        if isinstance(self.server, Postgres):
            with self.server.connect() as connection:
                return str(connection.execute("SELECT * FROM pg_stat_activity").fetchall())
        return self._answers("SHOW FULL PROCESSLIST", HISTORIES[0])

    def kept(self) -> str:
        """What it kept of all statements since it began."""
        if isinstance(self.server, Postgres):
            return (self.server.folder / "log").read_text(encoding="utf-8", errors="replace")
        return self._answers(*HISTORIES, "SELECT sql_text FROM mysql.slow_log")

    def _answers(self, *questions: str) -> str:
        with self.server.connect() as connection, connection.cursor() as cursor:  # type: ignore[union-attr]
            texts = []
            for ask in questions:
                cursor.execute(ask)
                texts.append(f"{ask}: {cursor.fetchall()}")
        return "\n".join(texts)


@pytest.fixture(scope="module")
def talkative_mariadb() -> Iterator[MariaDB]:
    if not has_mariadb():
        pytest.skip("mariadbd is not installed")
    with mariadb(*TALKATIVE) as running:
        yield running


@pytest.fixture(scope="module")
def talkative_postgres() -> Iterator[Postgres]:
    if not has_postgres():
        pytest.skip("postgres is not installed")
    with postgres() as running:
        with running.connect() as connection:
            for setting in SETTINGS:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield running


@pytest.fixture(params=[Kind.MYSQL, Kind.POSTGRES])
async def talkative(
    request: pytest.FixtureRequest, demo_fleet: Fleet, project_root: Path, demo_data: Path, tmp_path: Path
) -> AsyncIterator[Talkative]:
    """Each server in turn."""
    kind: Kind = request.param
    tables = [table for table in demo_fleet.tables if table.source == CRM]
    server = request.getfixturevalue(f"talkative_{'mariadb' if kind is Kind.MYSQL else 'postgres'}")
    if isinstance(server, MariaDB):
        with server.connect() as connection:
            load_mariadb(connection, tables)
        make_mariadb_reader(server, schemas_of(tables))
        address = mariadb_address(server)
    else:
        with server.connect() as connection:
            load_postgres(connection, tables)
        make_postgres_reader(server, schemas_of(tables))
        address = postgres_address(server)
    policies = policies_over(project_root / "policies", demo_data, has_token_key=True)
    key = tmp_path / "key"
    key.write_text(SECRET, encoding="utf-8")
    keys, audit = TokenKeys(reference=f"file:{key}", environment={}), MemorySink()
    gateway = await opened(
        moved(policies, kind, address, [CRM]), environment=ENVIRONMENT, token_keys=keys, audit=audit
    )
    yield Talkative(kind, server, gateway, audit, key)
    await gateway.close()


async def tokens(talkative: Talkative) -> dict[object, object]:
    return dict((await talkative.gateway.read(ANALYST, USERS)).rows)  # type: ignore[arg-type]


def expected(fleet: Fleet, k: str) -> dict[object, object]:
    (users,) = (table for table in fleet.tables if table.name == "t_user" and table.source == CRM)
    found = visible_rows(users, fleet)
    return {
        row["user_no"]: None if row["email"] is None else token_of(str(row["email"]), k, ("pii.email",))
        for row in found
    }


async def test_tokens_of_a_server_are_the_reference(talkative: Talkative, demo_fleet: Fleet) -> None:
    found, wanted = await tokens(talkative), expected(demo_fleet, K)
    assert len(found) > 50
    assert found == {user: wanted[user] for user in found}


async def test_tokens_are_asked_for_and_joined(talkative: Talkative) -> None:
    user, token = next(pair for pair in (await tokens(talkative)).items() if pair[1] is not None)
    ask = f"SELECT a.user_no FROM t_user a JOIN t_user b USING (email) WHERE email = '{token}' GROUP BY email, 1"
    found = await talkative.gateway.read(ANALYST, SqlRead(source=CRM, sql=ask))
    assert [tuple(row) for row in found.rows] == [(user,)]


async def test_k_is_in_nothing_that_the_server_keeps(
    talkative: Talkative, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is what hides k in MySQL: with it, what the slow log has of the second statement would tell k."""
    monkeypatch.setattr(mysql_token_key, "random_bits", lambda: BITS)
    monkeypatch.setattr("lucky_mcp.adapters.mysql.random_bits", lambda: BITS)
    seen: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            seen.add(talkative.running())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(3):
            await tokens(talkative)
        with pytest.raises(ReadError) as failed:
            ask = "SELECT EXP(1000 + CHAR_LENGTH(email)) FROM t_user"
            await talkative.gateway.read(ANALYST, SqlRead(source=CRM, sql=ask))
    finally:
        ended.set()
        watcher.join()
    kept = "\n".join([*seen, talkative.running(), talkative.kept()])
    assert READER in kept
    for place in (*HISTORIES[:2], "FROM mysql.slow_log") if talkative.kind is Kind.MYSQL else ("LOG: ",):
        assert re.search(re.escape(place) + ".*lucky_scan", kept), f"reads are kept in {place}"
    for secret in (
        K,
        K.upper(),
        SECRET,
        *([str(bits) for bits in BITS[:3]] if talkative.kind is Kind.MYSQL else []),
    ):
        assert not re.search(rf"(?<![0-9a-fA-F]){secret}(?![0-9a-fA-F])", kept), secret
    told = failed.value.agent_text + "".join(to_line(each).decode() for each in talkative.audit.records)
    assert K not in told
    assert SECRET not in told


PLACED = """  aws-luckyus-salescrm-rw:
    kind: {kind}
    dialect: {dialect}
    host: {host}
    port: {port}
    user: {user}
    password: env:LIVE_PASSWORD
    tls: false
"""
EMBEDDED_CRM = """  aws-luckyus-salescrm-rw:
    kind: duckdb
    dialect: mysql
    url: duckdb:///${DEMO_DATA:-../.demo}/aws-luckyus-salescrm-rw.duckdb
"""


async def test_the_setting_reaches_the_session(
    talkative: Talkative,
    demo_fleet: Fleet,
    project_root: Path,
    demo_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `serve` opens it: settings from the environment, policies with the source on the server."""
    address = mariadb_address(talkative.server) if isinstance(talkative.server, MariaDB) else None
    address = address or postgres_address(talkative.server)  # type: ignore[arg-type]
    dialect = "mysql" if talkative.kind is Kind.MYSQL else "postgres"
    policies = tmp_path / "policies"
    shutil.copytree(project_root / "policies", policies)
    sources = (policies / "sources.yaml").read_text(encoding="utf-8")
    placed = PLACED.format(
        kind=talkative.kind.value, dialect=dialect, host=address.host, port=address.port, user=READER
    )
    assert sources.count(EMBEDDED_CRM) == 1
    (policies / "sources.yaml").write_text(sources.replace(EMBEDDED_CRM, placed), encoding="utf-8")
    given = {
        **ENVIRONMENT,
        "DEMO_DATA": str(demo_data),
        "LUCKY_POLICIES": str(policies),
        "LUCKY_STATE": str(tmp_path / "state"),
        "LUCKY_TOKEN_KEY": "env:TOKEN_SECRET",
        "TOKEN_SECRET": SECRET,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    async with open_gateway(load_settings()) as gateway:
        found = dict((await gateway.read(ANALYST, USERS)).rows)  # type: ignore[arg-type]
    wanted = expected(demo_fleet, K)
    assert len(found) > 50 and found == {user: wanted[user] for user in found}
    log = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert b"t_user" in log and K.encode() not in log and SECRET.encode() not in log


async def test_sessions_change_to_a_new_key(talkative: Talkative) -> None:
    before = await tokens(talkative)
    talkative.key.write_text(OTHER_SECRET, encoding="utf-8")
    after = await tokens(talkative)
    again = await tokens(talkative)
    known = [user for user, token in before.items() if token is not None]
    assert after == again
    assert not {before[user] for user in known} & {after[user] for user in known}


async def test_a_session_forgets_the_key_for_a_read_without_tokens(talkative: Talkative) -> None:
    """A key that cannot be read stops reads that show tokens; on PostgreSQL, where it comes first, new sessions."""
    await tokens(talkative)
    talkative.key.write_text("short", encoding="utf-8")
    with pytest.raises(ReadError) as refused:
        await tokens(talkative)
    assert refused.value.code is Code.SOURCE_UNAVAILABLE
    assert "short" not in refused.value.agent_text
