"""Many small databases side by side on one private server, under the names that their tables have everywhere.

PostgreSQL holds each in a database of its own. MariaDB and MySQL have one room for all schemas, so there each
schema's name is written with the world's before it, in a text as it is sent and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from psycopg import sql

from lucky_mcp.adapters.base import Adapter, EngineRows
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.demo.tables import Table
from lucky_mcp.enforcement.guarded import GuardedSql, seal_sql
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.model.source import Server as Address
from tests.live.fleet import (
    ENVIRONMENT,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    postgres_address,
    schemas_of,
)
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres

FENCE_ROWS = 9223372036854775807
BEHIND = "behind_"


@dataclass(frozen=True, kw_only=True)
class ServerWorld:
    """One world on a server: where a source's tables are, and what a text must say to mean them."""

    name: str
    kind: Kind
    address: Address
    schemas: tuple[str, ...]

    def source(self, source: Source) -> Source:
        """Return the source as it is read in this world."""
        if self.kind is Kind.POSTGRES:
            return replace(source, server=replace(self.address, database=self.name))
        return replace(source, server=replace(self.address, database=self._named(source.default_schema)))

    def text(self, text: str) -> str:
        """Return a statement for this world."""
        if self.kind is Kind.MYSQL:
            for schema in self.schemas:
                text = re.sub(rf"\b{schema}(?=`?\s*\.)", self._named(schema), text)
        return text

    def columns(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return column names as they are everywhere: MySQL makes names of an expression's text."""
        return tuple(each.replace(self._named(""), "") for each in columns)

    def _named(self, schema: str) -> str:
        return f"{self.name}_{schema}"


class Worlds(Protocol):
    """Makes worlds on one server."""

    kind: Kind

    def restart(self) -> bool:
        """Begin the server again after it died; False when it lives."""

    def made(self, name: str, tables: Sequence[Table], *, fenced: bool = False) -> ServerWorld:
        """Load the tables; when `fenced`, each is a view that no condition is moved into."""


class MariaDBWorlds:
    """Worlds on MariaDB or MySQL."""

    kind = Kind.MYSQL

    def __init__(self, running: MariaDB) -> None:
        self._running = running
        self._schemas: list[str] = []

    def restart(self) -> bool:
        """Begin the server again after it died; False when it lives."""
        return self._running.restart()

    def made(self, name: str, tables: Sequence[Table], *, fenced: bool = False) -> ServerWorld:
        """Load the tables under schemas of this world's own."""
        own = [replace(table, schema=f"{name}_{table.schema}") for table in tables]
        behind = [replace(table, schema=BEHIND + table.schema) for table in own] if fenced else own
        with self._running.connect() as connection, connection.cursor() as cursor:
            load_mariadb(connection, behind)
            for table in own if fenced else ():
                cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{table.schema}`")
                cursor.execute(
                    f"CREATE VIEW `{table.schema}`.`{table.name}` AS"
                    f" SELECT * FROM `{BEHIND}{table.schema}`.`{table.name}` LIMIT {FENCE_ROWS}"
                )
        self._schemas += schemas_of(own)
        make_mariadb_reader(self._running, self._schemas)
        address = replace(mariadb_address(self._running), connections_max=2)
        return ServerWorld(name=name, kind=self.kind, address=address, schemas=tuple(schemas_of(tables)))


class PostgresWorlds:
    """Worlds on PostgreSQL."""

    kind = Kind.POSTGRES

    def __init__(self, running: Postgres) -> None:
        self._running = running

    def restart(self) -> bool:
        """PostgreSQL begins again by itself."""
        return True

    def made(self, name: str, tables: Sequence[Table], *, fenced: bool = False) -> ServerWorld:
        """Load the tables into a database of this world's own."""
        with self._running.connect() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        behind = [replace(table, schema=BEHIND + table.schema) for table in tables] if fenced else tables
        with self._running.connect(name) as connection:
            load_postgres(connection, behind)
            for table in tables if fenced else ():
                schema, hidden = sql.Identifier(table.schema), sql.Identifier(BEHIND + table.schema)
                view = sql.Identifier(table.name)
                connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
                connection.execute(
                    sql.SQL("CREATE VIEW {}.{} AS SELECT * FROM {}.{} OFFSET 0").format(
                        schema, view, hidden, view
                    )
                )
        make_postgres_reader(self._running, schemas_of(tables), name)
        return ServerWorld(
            name=name,
            kind=self.kind,
            address=replace(postgres_address(self._running), connections_max=2),
            schemas=tuple(schemas_of(tables)),
        )


class InWorld(Registry):
    """Adapters that read one world."""

    def __init__(self, world: ServerWorld) -> None:
        super().__init__(ENVIRONMENT)
        self._world = world

    def adapter(self, source: Source) -> Adapter:
        """Return the adapter of the source's namesake in the world."""
        return _Renaming(super().adapter(self._world.source(source)), self._world)


class _Renaming:
    def __init__(self, adapter: Adapter, world: ServerWorld) -> None:
        self._adapter = adapter
        self._world = world

    async def run(self, read: GuardedSql, *, fenced: bool) -> EngineRows:
        """Run the text as it is in the world."""
        return await self._adapter.run(renamed(read, self._world), fenced=fenced)

    async def close(self) -> None:
        """Close the adapter."""
        await self._adapter.close()


def renamed(read: GuardedSql, world: ServerWorld) -> GuardedSql:
    """Return the read with the schemas of the world."""
    return seal_sql(
        source=read.source,
        text_agent=read.text_agent,
        text=world.text(read.text),
        text_fenced=world.text(read.text_fenced),
        bound=read.bound,
        rows_max=read.rows_max,
        always_fenced=read.always_fenced,
        holds_time=read.holds_time,
    )
