"""Real servers, begun once for all live tests, and a small fleet whose hidden rows break casts and sums."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg
import pymysql
import pytest

from lucky_mcp.demo.tables import Fleet, Table
from lucky_mcp.gateway.view import View
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.forms import served_by
from tests.support.generator_fleet import small_fleet
from tests.support.house import opened
from tests.support.neighbours import NAMES, neighbour
from tests.support.reference import CRM, ORDERS, clean_tables
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import has_mariadb, has_postgres, mariadb, postgres

FAILED = "failed"
SCHEMAS = {ORDERS: "luckyus_sales_order", CRM: "luckyus_sales_crm"}
Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Server:
    """A server of one kind: `ask` returns the rows, or FAILED; `load` replaces the tables."""

    kind: Kind
    ask: Callable[[str, str], Rows | str]
    load: Callable[[Sequence[Table]], None]
    view: View = field(repr=False)

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
    """A private MariaDB server."""
    if not has_mariadb():
        pytest.skip("mariadbd is not installed")
    with mariadb() as running:
        connection = running.connect()
        cursor = connection.cursor()

        def ask(schema: str, text: str) -> Rows | str:
            connection.select_db(schema)
            try:
                cursor.execute(text)
                return list(cursor.fetchall())
            except pymysql.Error:
                return FAILED

        yield Server(Kind.MYSQL, ask, lambda tables: load_mariadb(connection, tables), live_view)
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
                return connection.execute(text.encode()).fetchall()
            except psycopg.Error:
                return FAILED

        yield Server(Kind.POSTGRES, ask, lambda tables: load_postgres(connection, tables), live_view)
        connection.close()


@pytest.fixture(params=["live_mariadb", "live_postgres"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found


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
