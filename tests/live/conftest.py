"""Real servers, begun once for all live tests, and a small fleet whose hidden rows break casts and sums."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg
import pymysql
import pytest

from lucky_mcp.demo.tables import Fleet, Table
from lucky_mcp.gateway.view import View
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.model.source import Server as Address
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.fleet import (
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    moved,
    on_server,
    postgres_address,
    redshift_address,
    schemas_of,
)
from tests.live.forms import served_by
from tests.live.sealed import Ask, asking
from tests.support import mysql_server
from tests.support.generator_fleet import small_fleet
from tests.support.house import opened
from tests.support.neighbours import NAMES, neighbour
from tests.support.redshift_wire import redshift_wire
from tests.support.reference import CRM, ORDERS, clean_tables
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres, has_mariadb, has_postgres, mariadb, postgres

FAILED = "failed"
SCHEMAS = {ORDERS: "luckyus_sales_order", CRM: "luckyus_sales_crm"}
CONNECTIONS = {
    Kind.MYSQL: "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'lucky_reader'",
    Kind.POSTGRES: "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = 'lucky_reader'",
    Kind.REDSHIFT: "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = 'lucky_reader'",
}
RUNNING = {
    Kind.MYSQL: "SELECT info FROM information_schema.processlist WHERE user = 'lucky_reader' AND info IS NOT NULL",
    Kind.POSTGRES: "SELECT query FROM pg_stat_activity WHERE usename = 'lucky_reader' AND state = 'active'",
    Kind.REDSHIFT: "SELECT query FROM pg_stat_activity WHERE usename = 'lucky_reader' AND state = 'active'",
}
Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Server:
    """A server of one kind: `ask` returns the rows, or FAILED; `load` replaces the tables."""

    kind: Kind
    ask: Callable[[str, str], Rows | str]
    load: Callable[[Sequence[Table]], None]
    view: View = field(repr=False)
    running: MariaDB | Postgres
    address: Address
    port: int
    """Where it answers callers of this machine, who may ask for TLS."""

    def source(self, name: str) -> Source:
        """The source as if this server held it."""
        return served_by(self.view.policies.sources[name], self.kind)


@pytest.fixture(scope="session")
def live_view(demo_policies: PolicySet) -> View:
    """What the gateway knows: policies and reference sets."""

    async def made() -> View:
        gateway = await opened(demo_policies)
        view = gateway.view()
        await gateway.close()
        return view

    return asyncio.run(made())


@pytest.fixture(scope="session")
def live_mariadb(live_view: View) -> Iterator[Server]:
    """A private MariaDB server, or the MySQL of `make test-mysql` in its place."""
    if not mysql_server.is_chosen() and not has_mariadb():
        pytest.skip("mariadbd is not installed")
    with mysql_server.mysql() if mysql_server.is_chosen() else mariadb() as running:
        connection = running.connect()
        cursor = connection.cursor()

        def ask(schema: str, text: str) -> Rows | str:
            connection.select_db(schema)
            try:
                cursor.execute(text)
                return list(cursor.fetchall())
            except pymysql.Error:
                return FAILED

        def load(tables: Sequence[Table]) -> None:
            load_mariadb(connection, tables)
            make_mariadb_reader(running, schemas_of(tables))

        yield Server(Kind.MYSQL, ask, load, live_view, running, mariadb_address(running), running.port)
        connection.close()


@pytest.fixture(scope="session")
def live_postgres(live_view: View) -> Iterator[Server]:
    """A private PostgreSQL server."""
    if not has_postgres():
        pytest.skip("postgres is not installed")
    with postgres() as running:
        connection = running.connect()

        def ask(schema: str, text: str) -> Rows | str:
            connection.execute(f"SET search_path = {schema}".encode())
            try:
                answer = connection.execute(text.encode())
                return answer.fetchall() if answer.description else []
            except psycopg.Error:
                return FAILED

        def load(tables: Sequence[Table]) -> None:
            load_postgres(connection, tables)
            make_postgres_reader(running, schemas_of(tables))

        yield Server(Kind.POSTGRES, ask, load, live_view, running, postgres_address(running), running.port)
        connection.close()


@pytest.fixture(scope="session")
def live_redshift(live_postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Redshift's wire in front of the private PostgreSQL."""
    assert isinstance(live_postgres.running, Postgres)
    with redshift_wire(live_postgres.running, tmp_path_factory.mktemp("redshift")) as wire:
        yield replace(live_postgres, kind=Kind.REDSHIFT, address=redshift_address(wire), port=wire.port)


@pytest.fixture(params=["live_mariadb", "live_postgres"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["live_mariadb", "live_postgres", "live_redshift"])
def adapted(request: pytest.FixtureRequest) -> Server:
    """A server for each adapter in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A server with the demo's orders, read by an account that can do no more."""

    kind: Kind
    source: Source
    as_admin: Source
    policies: PolicySet = field(repr=False)
    server: Server = field(repr=False)
    ask: Callable[[str, str], Rows | str]

    def admin(self, *texts: str) -> None:
        """Run statements as the server's administrator."""
        for text in texts:
            assert self.ask("mysql" if self.kind is Kind.MYSQL else "public", text) != FAILED, text

    def running(self) -> list[str]:
        """Return the texts that run for the reader now."""
        found = self.ask("mysql" if self.kind is Kind.MYSQL else "public", RUNNING[self.kind])
        return [str(row[0]) for row in found]

    def connections(self) -> int:
        """Return how many connections the reader has."""
        found = self.ask("mysql" if self.kind is Kind.MYSQL else "public", CONNECTIONS[self.kind])
        return int(str(found[0][0]))


@pytest.fixture
async def asked() -> AsyncIterator[Ask]:
    """Sources to be asked past the guard."""
    async with asking() as made:
        yield made


@pytest.fixture
def reader(adapted: Server, demo_fleet: Fleet) -> Reader:
    """Each server in turn, with the demo's orders as they are."""
    server, address = adapted, adapted.address
    server.load([table for table in demo_fleet.tables if table.source == ORDERS])
    plain = server.view.policies.sources[ORDERS]
    admin = "root" if server.kind is Kind.MYSQL else "lucky"
    as_admin = replace(address, user=admin, password="", writable_because="the tests say so")
    return Reader(
        kind=server.kind,
        source=on_server(plain, server.kind, address),
        as_admin=on_server(plain, server.kind, as_admin),
        server=server,
        policies=moved(server.view.policies, server.kind, address, [ORDERS]),
        ask=server.ask,
    )


@pytest.fixture(scope="session")
def worlds(demo_fleet: Fleet) -> Mapping[str, Sequence[Table]]:
    """The analyst's clean twin, the base data, and neighbours of it that differ in hidden rows alone."""
    fleet = small_fleet(demo_fleet)
    fleets = {"base": fleet} | {name: neighbour(fleet, "analyst", name) for name in NAMES}
    made: dict[str, Sequence[Table]] = {"twin": clean_tables(fleet, "analyst")}
    made |= {name: each.tables for name, each in fleets.items()}
    return {name: _on_servers(tables) for name, tables in made.items()}


def _on_servers(tables: Sequence[Table]) -> list[Table]:
    kept = [table for table in tables if table.source in SCHEMAS]
    return [_without_padding(table) if table.name == "t_sales_order_m" else table for table in kept]


def _without_padding(table: Table) -> Table:
    """Leave out the order in `usd `: MariaDB's default collation takes it for USD, as the embedded engine does not."""
    place = next(n for n, column in enumerate(table.columns) if column.name == "currency_code")
    return replace(table, rows=[row for row in table.rows if row[place] != "usd "])
