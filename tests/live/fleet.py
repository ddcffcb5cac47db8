"""The demo's policies with some sources on real servers, read by an account that can read and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

import psycopg
from psycopg import sql

from lucky_mcp.demo.tables import Table
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.model.source import Server as Address
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.redshift_wire import RedshiftWire
from tests.support.servers import MariaDB, Postgres

READER = "lucky_reader"
PASSWORD = "Kn0wn-only-to-tests'\""
ENVIRONMENT = {"LIVE_PASSWORD": PASSWORD}


def mariadb_address(running: MariaDB, **changed: object) -> Address:
    """Where the private MariaDB is, as the reader."""
    made = Address(host=str(running.socket), port=3306, user=READER, password="env:LIVE_PASSWORD", tls=False)
    return replace(made, **changed)  # type: ignore[arg-type]


def postgres_address(running: Postgres, **changed: object) -> Address:
    """Where the private PostgreSQL is, as the reader."""
    made = Address(
        host=str(running.folder), port=running.port, user=READER, password="env:LIVE_PASSWORD", tls=False
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def redshift_address(wire: RedshiftWire, **changed: object) -> Address:
    """Where Redshift's wire is, as the reader."""
    made = Address(
        host="127.0.0.1",
        port=wire.port,
        user=READER,
        password="env:LIVE_PASSWORD",
        database="postgres",
        tls=False,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def make_mariadb_reader(running: MariaDB, schemas: Iterable[str]) -> None:
    """Make the account anew, with SELECT on the schemas."""
    with running.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP USER IF EXISTS {READER}")
        cursor.execute(f"CREATE USER {READER} IDENTIFIED BY %s", (PASSWORD,))
        for schema in schemas:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{schema}`")
            cursor.execute(f"GRANT SELECT, SHOW VIEW ON `{schema}`.* TO {READER}")


def make_postgres_reader(running: Postgres, schemas: Iterable[str], database: str = "postgres") -> None:
    """Make the account, with SELECT on what is and will be in the schemas."""
    reader = sql.Identifier(READER)
    with running.connect(database) as connection:
        with suppress(psycopg.errors.DuplicateObject):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(reader))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(reader, sql.Literal(PASSWORD)))
        for schema in map(sql.Identifier, schemas):
            for text in (
                "CREATE SCHEMA IF NOT EXISTS {schema}",
                "GRANT USAGE ON SCHEMA {schema} TO {reader}",
                "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {reader}",
            ):
                connection.execute(sql.SQL(text).format(schema=schema, reader=reader))


def moved(policies: PolicySet, kind: Kind, address: Address, names: Iterable[str]) -> PolicySet:
    """Return the policies with these sources on a server."""
    sources = dict(policies.sources)
    for name in names:
        sources[name] = on_server(policies.sources[name], kind, address)
    return replace(policies, sources=MappingProxyType(sources))


def on_server(source: Source, kind: Kind, address: Address) -> Source:
    """Return the source as the server holds it."""
    dialects: Mapping[Kind, Dialect] = {
        Kind.MYSQL: Dialect.MYSQL,
        Kind.POSTGRES: Dialect.POSTGRES,
        Kind.REDSHIFT: Dialect.REDSHIFT,
    }
    return replace(source, kind=kind, dialect=dialects[kind], url="", server=address)


def schemas_of(tables: Iterable[Table]) -> list[str]:
    """Return the schemas of the tables, each once."""
    return sorted({table.schema for table in tables})
