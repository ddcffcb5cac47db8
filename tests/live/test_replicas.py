"""A replica answers while it is near its primary: measured on real replication, and said in receipt and audit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.audit.record import Begun, Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import SourceUnavailable
from lucky_mcp.gateway import routes
from lucky_mcp.gateway.execute import Executor
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.view import View
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.model.source import Kind, Limits, Replication, Server, Source
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.conftest import CONNECTIONS, RUNNING
from tests.live.fleet import (
    ENVIRONMENT,
    READER,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    on_server,
    postgres_address,
    schemas_of,
)
from tests.live.test_kill_switch import SLOW
from tests.support.house import ANALYST, opened
from tests.support.patience import until
from tests.support.reference import ORDERS
from tests.support.replicas import follow_up, mariadb_pair, postgres_pair
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres, has_mariadb, has_postgres

ITEMS = SqlRead(source="salesorder", sql="SELECT COUNT(*) AS n FROM t_order_item")
HELD = "luckyus_sales_order.t_held"
BEAT = "luckyus_sales_order.heartbeat"
LONG_AGO = {
    Kind.MYSQL: f"UPDATE {BEAT} SET ts = UTC_TIMESTAMP(6) - INTERVAL {{}} SECOND",
    Kind.POSTGRES: f"UPDATE {BEAT} SET ts = now() - interval '{{}} s'",
}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A primary with the demo's orders and a replica of it."""

    kind: Kind
    primary: MariaDB | Postgres
    replica: MariaDB | Postgres
    policies: PolicySet

    def at(self, server: MariaDB | Postgres, **changed: Any) -> Server:
        if isinstance(server, MariaDB):
            return mariadb_address(server, **changed)
        return postgres_address(server, **changed)

    def source(self, *replicas: Server, **replication: Any) -> Source:
        plain = on_server(self.policies.sources[ORDERS], self.kind, self.at(self.primary))
        replicas = replicas or (self.at(self.replica),)
        unbound = Limits(rows_examined_max=None)  # there are slow reads here
        return replace(plain, replicas=replicas, replication=Replication(**replication), limits=unbound)

    def ask(self, server: MariaDB | Postgres, text: str) -> list[tuple[Any, ...]]:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(text)  # type: ignore[arg-type]
            return list(cursor.fetchall()) if cursor.description else []

    def connections(self, server: MariaDB | Postgres) -> int:
        return int(self.ask(server, CONNECTIONS[self.kind])[0][0])

    def running(self, server: MariaDB | Postgres) -> int:
        """How many slow reads run, and not what is asked before them."""
        return sum("pay_amount" in str(text) for (text,) in self.ask(server, RUNNING[self.kind]))

    def follow_up(self) -> None:
        follow_up(self.primary, self.replica)


@pytest.fixture(scope="module", params=[Kind.MYSQL, Kind.POSTGRES])
def pair(request: pytest.FixtureRequest, live_view: View, demo_fleet: Fleet) -> Iterator[Pair]:
    kind: Kind = request.param
    if not (has_mariadb() if kind is Kind.MYSQL else has_postgres()):
        pytest.skip(f"no server of {kind} is installed")
    tables = [table for table in demo_fleet.tables if table.source == ORDERS]
    servers = mariadb_pair() if kind is Kind.MYSQL else postgres_pair()
    with servers as (primary, replica):
        if isinstance(primary, MariaDB):
            with primary.connect() as connection:
                load_mariadb(connection, tables)
            make_mariadb_reader(primary, schemas_of(tables))
        else:
            with primary.connect() as connection:
                load_postgres(connection, tables)
            make_postgres_reader(primary, schemas_of(tables))
        made = Pair(kind=kind, primary=primary, replica=replica, policies=live_view.policies)
        if kind is Kind.MYSQL:
            made.ask(primary, f"GRANT REPLICA MONITOR ON *.* TO {READER}")
        time = "DATETIME(6)" if kind is Kind.MYSQL else "timestamptz"
        made.ask(primary, f"CREATE TABLE {BEAT} (ts {time})")
        made.ask(primary, f"CREATE TABLE {HELD} (n int)")
        made.ask(primary, f"INSERT INTO {BEAT} VALUES (NULL)")
        made.follow_up()
        yield made


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lags count for less long, so that waiting for the next one does not take the suite's time."""
    monkeypatch.setattr(routes, "FRESH_SECONDS", 0.1)
    monkeypatch.setattr(routes, "FAILED_SECONDS", 0.1)


@dataclass(frozen=True)
class Asked:
    """A gateway over one source, and what its audit says."""

    gateway: Gateway
    audit: MemorySink

    async def items(self) -> ReadResult:
        return await self.gateway.read(ANALYST, ITEMS)

    async def note(self) -> str:
        return "; ".join((await self.items()).receipt.notes)

    @property
    def served(self) -> str:
        """What the last record says of the server."""
        last = self.audit.records[-1]
        assert isinstance(last, Ended)
        return last.server

    @property
    def sent(self) -> str:
        return next(each.sql_engine for each in reversed(self.audit.records) if isinstance(each, Begun))


Over = Callable[[Source], AbstractAsyncContextManager[Asked]]


@pytest.fixture
def over(pair: Pair) -> Over:
    @asynccontextmanager
    async def made(source: Source) -> AsyncIterator[Asked]:
        audit = MemorySink()
        # Half of it must be left when a replica is lost, on a slow machine as well.
        patient = replace(pair.policies.bound_default, timeout_ms=60_000)
        sources = {**pair.policies.sources, source.name: source}
        policies = replace(pair.policies, sources=sources, bound_default=patient)
        gateway = await opened(policies, environment=ENVIRONMENT, audit=audit)
        try:
            yield Asked(gateway, audit)
        finally:
            await gateway.close()

    return made


@asynccontextmanager
async def held_back(pair: Pair) -> AsyncIterator[None]:
    """The replica receives a change that it cannot apply."""
    if pair.kind is Kind.MYSQL:
        assert isinstance(pair.replica, MariaDB)
        with pair.replica.connect() as lock, lock.cursor() as cursor:
            cursor.execute(f"LOCK TABLES {HELD} READ")
            pair.ask(pair.primary, f"INSERT INTO {HELD} VALUES (1)")
            yield
    else:
        pair.ask(pair.primary, f"INSERT INTO {HELD} VALUES (1)")
        pair.follow_up()
        pair.ask(pair.replica, "SELECT pg_wal_replay_pause()")
        pair.ask(pair.primary, f"SET synchronous_commit = local; INSERT INTO {HELD} VALUES (2)")
        yield
        pair.ask(pair.replica, "SELECT pg_wal_replay_resume()")
    pair.follow_up()


async def test_a_near_replica_answers_with_the_same_text(pair: Pair, over: Over) -> None:
    async with over(replace(pair.source(), replicas=())) as writer:
        plain = await writer.items()
        assert (plain.receipt.notes, writer.served) == ((), "")
        text = writer.sent
    await until(lambda: pair.connections(pair.primary) == 0)
    async with over(pair.source()) as asked:
        result = await asked.items()
        assert result.rows == plain.rows
        assert result.receipt.notes == ("read from replica 1, less than 1 s behind",)
        assert asked.served.startswith("replica 1, 0.")
        assert asked.sent == text
        assert (pair.connections(pair.primary), pair.connections(pair.replica)) == (0, 1)


async def test_a_primary_that_rests_leaves_no_lag(pair: Pair, over: Over) -> None:
    await asyncio.sleep(1.5)
    async with over(pair.source(alert_s=0.9, stop_s=1)) as asked:
        assert await asked.note() == "read from replica 1, less than 1 s behind"


async def test_a_lag_is_told_and_then_too_much(pair: Pair, over: Over) -> None:
    async with over(pair.source(alert_s=0.5, stop_s=3)) as asked, held_back(pair):
        notes = [note async for note in noted(asked, until_note="the writer")]
        assert [note for note in notes if note.startswith("STALE: ") and note.endswith(" behind, over 0.5 s")]
        assert notes[-1] == "read from the writer: no replica can answer now"
        assert asked.served.startswith("writer; replica 1 not asked: ")
        assert asked.served.endswith(" s behind, over 3 s")
        strict = pair.source(alert_s=0.5, stop_s=3, writer_serves=False)
        async with over(strict) as without:
            with pytest.raises(
                SourceUnavailable, match="no replica of aws-luckyus-salesorder-rw is within 3 s"
            ):
                await without.items()
    async with over(pair.source()) as asked:
        assert "replica 1" in await asked.note()


async def noted(asked: Asked, until_note: str) -> AsyncIterator[str]:
    """Ask again and again, at most for eight seconds, until a note says something."""
    for _ in range(80):
        note = await asked.note()
        yield note
        if until_note in note:
            return
        await asyncio.sleep(0.1)


async def test_a_heartbeat_counts_where_there_is_one(pair: Pair, over: Over) -> None:
    async with over(pair.source(heartbeat=BEAT)) as asked:
        for seconds, note in (
            (0, r"read from replica 1, (less than )?\d s behind"),
            (10, r"STALE: read from replica 1, 1\d s behind, over 5 s"),
            (60, "read from the writer: no replica can answer now"),
        ):
            pair.ask(pair.primary, LONG_AGO[pair.kind].format(seconds))
            pair.follow_up()
            await asyncio.sleep(0.15)
            assert re.fullmatch(note, await asked.note())
        pair.ask(pair.primary, f"UPDATE {BEAT} SET ts = NULL")
        pair.follow_up()
        await asyncio.sleep(0.15)
        await asked.items()
        assert "the heartbeat table is empty" in asked.served


async def test_the_next_replica_when_one_is_away(pair: Pair, over: Over) -> None:
    away = pair.at(pair.replica, host="/nowhere")
    async with over(pair.source(away, pair.at(pair.replica))) as asked:
        assert "read from replica 2" in await asked.note()
        assert "replica 1 not asked: unavailable" in asked.served


async def test_a_server_that_follows_nobody_is_no_replica(pair: Pair, over: Over) -> None:
    async with over(pair.source(pair.at(pair.primary))) as asked:
        assert "read from the writer" in await asked.note()
        assert ("replicates nothing" if pair.kind is Kind.MYSQL else "no standby") in asked.served


async def test_replication_that_stopped_is_no_lag_of_nothing(pair: Pair, over: Over) -> None:
    if pair.kind is not Kind.MYSQL:
        pytest.skip("a standby that receives nothing ages")
    pair.ask(pair.replica, "STOP SLAVE SQL_THREAD")
    try:
        async with over(pair.source()) as asked:
            assert "read from the writer" in await asked.note()
            assert "replication does not run" in asked.served
    finally:
        pair.ask(pair.replica, "START SLAVE SQL_THREAD")


async def test_an_account_that_may_not_see_the_lag(pair: Pair, over: Over) -> None:
    if pair.kind is not Kind.MYSQL:
        pytest.skip("everybody may see it there")
    pair.ask(pair.primary, f"REVOKE REPLICA MONITOR ON *.* FROM {READER}")
    pair.follow_up()
    try:
        async with over(pair.source()) as asked:
            assert "read from the writer" in await asked.note()
            assert "GRANT REPLICATION CLIENT" in asked.served
        executor = Executor(Registry(ENVIRONMENT))
        assert "replica 1: its lag cannot be told: the account may not" in await executor.check(pair.source())
        await executor.close()
    finally:
        pair.ask(pair.primary, f"GRANT REPLICA MONITOR ON *.* TO {READER}")
        pair.follow_up()


KILLING = {
    Kind.MYSQL: f"SELECT id FROM information_schema.processlist WHERE user = '{READER}'",
    Kind.POSTGRES: f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{READER}'",
}


async def test_a_replica_lost_while_it_reads_leaves_the_read_to_the_next(pair: Pair, over: Over) -> None:
    async with over(pair.source()) as asked:
        task = asyncio.create_task(asked.gateway.read(ANALYST, SLOW))
        await until(lambda: pair.running(pair.replica) == 1)
        for (found,) in pair.ask(pair.replica, KILLING[pair.kind]):
            if pair.kind is Kind.MYSQL:
                pair.ask(pair.replica, f"KILL {found}")
        await until(lambda: pair.running(pair.primary) == 1)
        task.cancel()
        await asyncio.wait({task})
        await until(lambda: pair.running(pair.primary) == 0 and pair.running(pair.replica) == 0)


async def test_a_read_that_a_standby_gives_up_for_a_change_goes_on_elsewhere(pair: Pair, over: Over) -> None:
    if pair.kind is not Kind.POSTGRES:
        pytest.skip("MariaDB's replicas give no read up")
    pair.ask(pair.replica, "ALTER SYSTEM SET max_standby_streaming_delay = 0")
    pair.ask(pair.replica, "SELECT pg_reload_conf()")
    async with over(pair.source()) as asked:
        task = asyncio.create_task(asked.gateway.read(ANALYST, SLOW))
        await until(lambda: pair.running(pair.replica) == 1)
        pair.ask(
            pair.primary,
            "BEGIN; SET LOCAL synchronous_commit = local;"
            " LOCK TABLE luckyus_sales_order.t_sales_order_m IN ACCESS EXCLUSIVE MODE;"
            f" INSERT INTO {HELD} VALUES (3); COMMIT",
        )
        await until(lambda: pair.running(pair.replica) == 0 and pair.running(pair.primary) == 1)
        task.cancel()
        await asyncio.wait({task})
