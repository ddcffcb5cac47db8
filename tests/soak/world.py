"""The demo's policies with two sources on private servers, and what goes wrong with those."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from lucky_mcp.demo.tables import Fleet, Table
from tests.live.fleet import (
    ENVIRONMENT,
    READER,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    postgres_address,
    schemas_of,
)
from tests.support.policy_copies import policies_with
from tests.support.reference import MAP, ORDERS
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres, mariadb, postgres

PLACED = """  {name}:
    kind: {kind}
    dialect: {dialect}
    host: {host}
    port: {port}
    user: {user}
    password: env:LIVE_PASSWORD
    tls: false
    connections_max: {connections}
    limits: {{rows_examined_max: null}}
"""
EMBEDDED = """  {name}:
    kind: duckdb
    dialect: {dialect}
    url: duckdb:///${{DEMO_DATA:-../.demo}}/{name}.duckdb
"""
CONNECTIONS = 4
QUOTAS = re.compile(r"(calls_per_minute|rows_per_hour|bytes_per_hour): \d+")


@dataclass
class World:
    """Two servers, the policies over them, and the environment of whoever reads them."""

    policies: Path
    environment: dict[str, str]
    maria: MariaDB
    post: Postgres
    swaps: int = field(default=0)

    def kill_connections(self) -> int:
        """End every connection of the reader on both servers, whatever runs there; how many there were."""
        killed = 0
        with self.maria.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM information_schema.processlist WHERE user = '{READER}'")
            for (number,) in cursor.fetchall():
                with suppress(pymysql.Error):  # it has ended by itself
                    cursor.execute(f"KILL {number}")
                    killed += 1
        with self.post.connect() as found:
            rows = found.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (READER,)
            ).fetchall()
        return killed + len(rows)

    def connections(self) -> int:
        """How many connections the reader has, on both."""
        with self.maria.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{READER}'")
            (one,) = cursor.fetchone() or (0,)
        with self.post.connect() as found:
            row = found.execute(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = %s", (READER,)
            ).fetchone()
        return int(one) + int(row[0] if row else 0)

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Have rows wait: nobody reads the orders on MariaDB, nor the map on PostgreSQL, during the block."""
        with (
            self.maria.connect() as connection,
            connection.cursor() as cursor,
            self.post.connect() as other,
            other.transaction(),
        ):
            cursor.execute("LOCK TABLES luckyus_sales_order.t_sales_order_m WRITE")
            other.execute("LOCK TABLE public.store_location IN ACCESS EXCLUSIVE MODE")
            try:
                yield
            finally:
                cursor.execute("UNLOCK TABLES")

    def restart(self) -> None:
        """End MariaDB in the midst of what it does, and begin it again."""
        with suppress(pymysql.Error), self.maria.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SHUTDOWN")
        self.maria.restart()

    def swap(self) -> None:
        """Change the policies: a word for people, and every other time a source, which is connected to anew."""
        self.swaps += 1
        path = self.policies / "sources.yaml"
        text = path.read_text(encoding="utf-8")
        word = f"Positions of the stores on the map ({self.swaps})"
        text = re.sub(r"Positions of the stores on the map( \(\d+\))?", word, text)
        if self.swaps % 2:
            text = re.sub(
                r"Orders and order items of all stores( \(\d+\))?",
                f"Orders and order items of all stores ({self.swaps})",
                text,
            )
        path.write_text(text, encoding="utf-8")


@contextmanager
def world(project_root: Path, folder: Path, fleet: Fleet, data: Path) -> Iterator[World]:
    """Begin the servers with the fleet's rows, and write the policies; NoServer when one is not installed."""
    with ExitStack() as stack:
        maria, post = stack.enter_context(mariadb()), stack.enter_context(postgres())
        orders, places = _tables(fleet, ORDERS), _tables(fleet, MAP)
        with maria.connect() as connection:
            load_mariadb(connection, orders)
        with post.connect() as found:
            load_postgres(found, places)
        make_mariadb_reader(maria, schemas_of(orders))
        make_postgres_reader(post, schemas_of(places))
        addresses = {
            ORDERS: ("mysql", "mysql", mariadb_address(maria)),
            MAP: ("postgres", "postgres", postgres_address(post)),
        }
        changes = [
            (
                "sources.yaml",
                EMBEDDED.format(name=name, dialect=dialect),
                PLACED.format(
                    name=name,
                    kind=kind,
                    dialect=dialect,
                    host=address.host,
                    port=address.port,
                    user=READER,
                    connections=CONNECTIONS,
                ),
            )
            for name, (kind, dialect, address) in addresses.items()
        ]
        policies = policies_with(project_root, folder / "policies", *changes)
        bounds = policies / "bounds.yaml"
        bounds.write_text(QUOTAS.sub(r"\1: 1000000000", bounds.read_text(encoding="utf-8")), encoding="utf-8")
        environment = {
            **ENVIRONMENT,
            "DEMO_DATA": str(data),
            "LUCKY_STATE": str(folder / "state"),
            "LUCKY_CATALOG_REFRESH_S": "0",
            "LUCKY_POLICIES_RELOAD_S": "0.5",
            "LUCKY_METRICS_TOKEN": "env:SCRAPER",
            "SCRAPER": "only-for-the-soak",
        }
        yield World(policies=policies, environment=environment, maria=maria, post=post)


def _tables(fleet: Fleet, source: str) -> list[Table]:
    return [table for table in fleet.tables if table.source == source]
