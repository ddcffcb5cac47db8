"""What the properties ask on one real server: guarded gateways over neighbouring databases, the twin, the raw data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from lucky_mcp.demo.tables import Fleet, Table
from lucky_mcp.model.source import Dialect, Kind, Limits
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.fleet import moved
from tests.support.generator_checks import is_gone
from tests.support.generator_house import PRINCIPALS, SOURCES, Answer, AnyHouse, gateway_of
from tests.support.generator_schema import World, world
from tests.support.house import policies_in, policies_over
from tests.support.mysql_server import mysql
from tests.support.neighbours import NAMES, neighbour
from tests.support.plain_databases import Plain
from tests.support.plain_servers import PlainServer
from tests.support.reference import CRM, MAP, ORDERS, SHOPS, clean_tables
from tests.support.server_worlds import InWorld, MariaDBWorlds, PostgresWorlds, Worlds
from tests.support.servers import mariadb, postgres

READ = (ORDERS, CRM, SHOPS, MAP)
DIALECTS = {Kind.MYSQL: Dialect.MYSQL, Kind.POSTGRES: Dialect.POSTGRES}
MARIADB, MYSQL, POSTGRES = "mariadb", "mysql-server", "postgresql-server"
SERVERS = (MARIADB, MYSQL, POSTGRES)
# As the catalog says of the fleet's servers: `T_ORDER` is t_order.
TABLES_WITHOUT_CASE = "--lower-case-table-names=1"
# What MariaDB 10.11 has not of what MySQL 8 has, and where it has defects of its own that a plain query shows:
# an entry of WITH that is named like a table or an entry around it is mixed up with that, and so is an alias
# written in another case; the last row of ROLLUP counts distinct values wrongly; of several windows one may be
# computed over another one's rows.
LACKS: Mapping[str, frozenset[str]] = {
    MARIADB: frozenset({"lateral", "range_offset", "odd_alias", "shadow", "shadow_cte", "rollup", "windows"}),
    MYSQL: frozenset({"odd_alias"}),
    POSTGRES: frozenset(),
}


@dataclass
class ServerHouse(AnyHouse[PlainServer]):
    """The properties' world on one server; no views are asked there."""

    engine: str = ""
    view_worlds: tuple[World, ...] = ()
    plans_vary: bool = True
    restart: Callable[[], bool] = field(kw_only=True, repr=False)
    texts: Mapping[str, frozenset[str]] = field(kw_only=True, repr=False)

    def ask(self, role: str, source: str, sql: str, *, over: str = "base") -> Answer:
        """Ask through the guard; a server that has died is begun again for the next query.

        One that lives did not answer in time, which says nothing of the query: it is asked again.
        """
        answer = super().ask(role, source, sql, over=over)
        if is_gone(answer) and not self.restart():
            answer = super().ask(role, source, sql, over=over)
        return answer

    def with_a_table_each(self, role: str, source: str, sql: str) -> Iterator[Plain]:
        """Yield the twin's answers without what a server makes of an entry that several read."""
        yield from self.twins[role].with_a_table_each(source, sql)

    def holds(self, role: str, text: str) -> bool:
        """Whether some cell of the role's copy is this text."""
        return text in self.texts[role]

    def plans(self, role: str, source: str, sql: str) -> Iterator[Plain]:
        """Yield the twin's answers: plain, with little optimized, with a fence at every table, and otherwise."""
        yield self.twins[role].ask(source, sql)
        yield self.as_written(role, source, sql)
        yield self.fenced_twins[role].ask(source, sql)
        yield self.fenced_twins[role].ask(source, sql, optimized=False)
        yield from self.twins[role].by_other_plans(source, sql)
        yield from self.fenced_twins[role].by_other_plans(source, sql)


def house_on(
    worlds: Worlds, others: Worlds, name: str, fleet: Fleet, policies: Path, folder: Path
) -> ServerHouse:
    """Load every database and open gateways, all with one policy set.

    What is asked plainly is on `others`: a plain query may kill its server, and a guarded one must not.
    """
    dialect = DIALECTS[worlds.kind]
    loaded = policies_over(policies_in(policies, folder / "policies", dialect), folder)
    runner, gateways = asyncio.Runner(), {}
    raw = others.made("raw", there(fleet.tables, worlds.kind))
    loaded = unestimated(moved(loaded, worlds.kind, raw.address, READ))
    for role in PRINCIPALS:
        fleets = {"base": fleet} | {each: neighbour(fleet, role, each) for each in NAMES}
        for each, other in fleets.items():
            made = worlds.made(f"{role}_{each}", there(other.tables, worlds.kind))
            gateways[role, each] = runner.run(gateway_of(loaded, InWorld(made)))

    def plain(title: str, tables: Sequence[Table], *, fenced: bool = False) -> PlainServer:
        made = others.made(title, there(tables, worlds.kind), fenced=fenced)
        return PlainServer(made, loaded.sources, others.restart)

    clean = {role: clean_tables(fleet, role) for role in PRINCIPALS}
    return ServerHouse(
        engine=name,
        restart=worlds.restart,
        texts={role: texts_in(there(tables, worlds.kind)) for role, tables in clean.items()},
        dialect=dialect,
        worlds=tuple(
            replace(world(fleet, role, source, dialect), lacks=LACKS[name])
            for role in PRINCIPALS
            for source in (*SOURCES, *([MAP] if worlds.kind is Kind.POSTGRES else []))
        ),
        gateways=gateways,
        twins={role: plain(f"twin_{role}", tables) for role, tables in clean.items()},
        fenced_twins={role: plain(f"fenced_{role}", tables, fenced=True) for role, tables in clean.items()},
        raw=PlainServer(raw, loaded.sources, others.restart),
        runner=runner,
    )


def there(tables: Sequence[Table], kind: Kind) -> list[Table]:
    """Return the tables that the properties read, as the server can hold them.

    MySQL's default collations pad and fold: there `usd ` is USD for the filter and for everybody who asks.
    """
    return without_padding([table for table in tables if table.source in READ], kind)


def without_padding(tables: Sequence[Table], kind: Kind) -> list[Table]:
    """Return the tables without rows whose currency MySQL pads and folds to another."""
    return [_without_padding(table) for table in tables] if kind is Kind.MYSQL else list(tables)


def texts_in(tables: Sequence[Table]) -> frozenset[str]:
    """Return every text that is a cell of the tables."""
    return frozenset(cell for table in tables for row in table.rows for cell in row if isinstance(cell, str))


def unestimated(policies: PolicySet) -> PolicySet:
    """Return policies under which no read is explained first: a refusal for its cost is no answer to compare."""
    limits = Limits(rows_examined_max=None)
    sources = {name: replace(source, limits=limits) for name, source in policies.sources.items()}
    return replace(policies, sources=sources)


def _without_padding(table: Table) -> Table:
    places = [n for n, column in enumerate(table.columns) if column.name == "currency_code"]
    rows = [row for row in table.rows if all(row[place] != "usd " for place in places)]
    return replace(table, rows=rows)


@contextmanager
def servers_of(name: str) -> Iterator[tuple[Worlds, Worlds]]:
    """Run private servers of a kind, for guarded reads and for plain ones; NoServer when they are not installed."""
    with ExitStack() as stack:
        if name == POSTGRES:
            worlds = PostgresWorlds(stack.enter_context(postgres()))
            yield worlds, worlds
            return
        opened = mysql if name == MYSQL else mariadb
        first, second = (MariaDBWorlds(stack.enter_context(opened(TABLES_WITHOUT_CASE))) for _ in range(2))
        yield first, second


@contextmanager
def server_house(name: str, fleet: Fleet, policies: Path, folder: Path) -> Iterator[ServerHouse]:
    """Run private servers with everything on them; NoServer when they are not installed."""
    with servers_of(name) as (worlds, others):
        made = house_on(worlds, others, name, fleet, policies, folder)
        try:
            yield made
        finally:
            made.close()
