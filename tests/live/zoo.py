"""A database of odd tables and views on a real server, and a policy directory for it as `policy init` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from ruamel.yaml import YAML

from lucky_mcp.catalog.loader import accept, propose
from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.system_datasets import with_system
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.new_directory import make_directory
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.fleet import PASSWORD, READER, make_mariadb_reader
from tests.support.house import gateway_over
from tests.support.servers import MariaDB, Postgres

NAME = "zoo"
ANIMALS: Mapping[str, dict[str, Any]] = YAML(typ="safe").load(
    (Path(__file__).parent / "crawled.yaml").read_text(encoding="utf-8")
)
ENGINES = {Kind.MYSQL: "mariadb", Kind.POSTGRES: "postgres"}


@dataclass(frozen=True, kw_only=True)
class Zoo:
    """The database, made anew, and its policy directory without a catalog or a dataset yet."""

    kind: Kind
    running: MariaDB | Postgres = field(repr=False)
    directory: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What the directory's variables stand for."""
        is_mariadb = isinstance(self.running, MariaDB)
        host = self.running.socket if isinstance(self.running, MariaDB) else self.running.folder
        port = 3306 if is_mariadb else self.running.port
        return {"ZOO_HOST": str(host), "ZOO_PORT": str(port), "ZOO_USER": READER, "ZOO_PASSWORD": PASSWORD}

    @property
    def expected(self) -> Mapping[str, Any]:
        """What a crawl finds, by table."""
        found: Mapping[str, Any] = ANIMALS[ENGINES[self.kind]]["found"]
        return found

    def admin(self, *texts: str) -> None:
        """Run statements in the database as the server's administrator."""
        if isinstance(self.running, MariaDB):
            with self.running.connect(NAME) as connection, connection.cursor() as cursor:
                for text in texts:
                    cursor.execute(text)
        else:
            with _postgres(self.running, NAME) as connection:
                connection.execute("SET search_path = zoo")
                for text in texts:
                    connection.execute(text.encode())

    def policies(self, *, with_datasets: bool = True) -> PolicySet:
        """The directory as it is now."""
        return load_policies(self.directory, self.environment, with_datasets=with_datasets)

    def gateway(self, *, with_datasets: bool = True) -> Gateway:
        """A gateway over the directory as it is now."""
        policies = with_system(self.policies(with_datasets=with_datasets))
        return gateway_over(policies, environment=self.environment)

    async def crawled(self) -> Catalog:
        """What a crawl finds now."""
        gateway = self.gateway(with_datasets=False)
        try:
            return await crawl(gateway, NAME)
        finally:
            await gateway.close()

    async def accepted(self) -> tuple[str, ...]:
        """Crawl and accept; what changed."""
        propose(self.directory / "catalog", await self.crawled())
        return accept(self.directory / "catalog", NAME)

    def grant(self, tables: Mapping[str, list[str]]) -> None:
        """Write a dataset: these columns of these tables, for the analyst."""
        document = {
            "dataset": "zoo.animals",
            "owner": "keeper",
            "classification": "internal",
            "source": NAME,
            "tables": {
                f"zoo.{table}": {
                    "description": "animals",
                    "columns": {column: {} for column in columns},
                }
                for table, columns in tables.items()
            },
            "grants": [{"id": "animals-read", "roles": ["analyst"], "why": "visitors"}],
        }
        with (self.directory / "datasets" / "zoo.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(document, file)


def make_zoo(kind: Kind, running: MariaDB | Postgres, directory: Path) -> Zoo:
    """Return the database, made anew with what `crawled.yaml` puts into it."""
    make_directory(directory, name=NAME, kind=kind)
    sources = directory / "sources.yaml"
    text = sources.read_text(encoding="utf-8")
    sources.write_text(text.replace("    user:", "    port: ${ZOO_PORT}\n    user:"), encoding="utf-8")
    zoo = Zoo(kind=kind, running=running, directory=directory)
    if isinstance(running, MariaDB):
        with running.connect() as connection, connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS zoo")
        make_mariadb_reader(running, [NAME])
    else:
        _make_postgres(running)
    zoo.admin(*ANIMALS[ENGINES[kind]]["made"])
    return zoo


def _make_postgres(running: Postgres) -> None:
    with _postgres(running, "postgres") as connection:
        connection.execute("DROP DATABASE IF EXISTS zoo WITH (FORCE)")
        connection.execute("CREATE DATABASE zoo")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,)).fetchone():
            connection.execute(f"CREATE ROLE {READER} LOGIN".encode())
        password = PASSWORD.replace("'", "''")
        connection.execute(f"ALTER ROLE {READER} PASSWORD '{password}'".encode())
    with _postgres(running, NAME) as connection:
        for text in (
            "CREATE SCHEMA zoo",
            f"GRANT USAGE ON SCHEMA zoo TO {READER}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA zoo GRANT SELECT ON TABLES TO {READER}",
        ):
            connection.execute(text.encode())


def _postgres(running: Postgres, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(running.folder), port=running.port, user="lucky", dbname=database, autocommit=True
    )
