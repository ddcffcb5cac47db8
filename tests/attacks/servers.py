"""Private servers that each hold one laden world, and accounts that may read all of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from psycopg import sql
from pymysql.constants.COMMAND import COM_QUERY

from lucky_mcp.demo.tables import Table, View
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.model.source import Server as Address
from tests.attacks.checksums import mariadb_sum, postgres_sum
from tests.attacks.laden import laden
from tests.live.fleet import (
    READER,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    postgres_address,
    redshift_address,
    schemas_of,
)
from tests.support.mysql_server import mysql
from tests.support.redshift_wire import redshift_wire
from tests.support.reference import CRM, MAP, ORDERS, SHOPS
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres, mariadb, postgres

MARIADB, MYSQL, POSTGRES, REDSHIFT = "mariadb", "mysql-server", "postgresql", "redshift-wire"
WAREHOUSE = "redshift"
OVERHEARD = "xqzvkjzqxvkj"
"""A token in somebody else's statement, which runs all the time."""
_CRM_SCHEMA = "luckyus_sales_crm"
_BEHIND = {
    MARIADB: (
        f"CREATE VIEW {_CRM_SCHEMA}.v_all_users AS SELECT * FROM {_CRM_SCHEMA}.t_user",
        f"CREATE FUNCTION {_CRM_SCHEMA}.reveal(u VARCHAR(40)) RETURNS TEXT READS SQL DATA RETURN "
        f"(SELECT CONCAT(phone, email) FROM {_CRM_SCHEMA}.t_user WHERE user_no = u)",
    ),
    POSTGRES: (
        f"CREATE VIEW {_CRM_SCHEMA}.v_all_users AS SELECT * FROM {_CRM_SCHEMA}.t_user",
        f"CREATE MATERIALIZED VIEW {_CRM_SCHEMA}.m_all_users AS SELECT * FROM {_CRM_SCHEMA}.t_user",
        f"CREATE FUNCTION {_CRM_SCHEMA}.reveal(u text) RETURNS text LANGUAGE sql STABLE AS "
        f"$$SELECT phone || email FROM {_CRM_SCHEMA}.t_user WHERE user_no = u$$",
        f"CREATE TABLE {_CRM_SCHEMA}.t_user_p2026 () INHERITS ({_CRM_SCHEMA}.t_user)",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A server with a world on it."""

    engine: str
    world: str
    kind: Kind
    dialect: Dialect
    address: Address
    sources: tuple[str, ...]
    schemas: Mapping[str, str]
    """The schema of each source, where names without one are looked for."""
    running: MariaDB | Postgres = field(repr=False)
    checksum: Callable[[], str] = field(repr=False)
    """What every table, view, routine and account on the server comes to."""
    restore: Callable[[], None] = field(repr=False)
    """Put back what was there in the beginning."""

    @property
    def folder(self) -> Path:
        """Where the server's own files are."""
        return self.running.socket.parent if isinstance(self.running, MariaDB) else self.running.folder

    @property
    def places(self) -> dict[str, str]:
        """Files that no text may reach."""
        return {"secret_file": "/etc/passwd", "staff_file": "/etc/hostname", "folder": str(self.folder)}


@contextmanager
def mariadb_with(world: str) -> Iterator[Loaded]:
    """Run MariaDB with a world; the fleet's servers tell no table names apart by case."""
    with _mysql_form(
        world, MARIADB, mariadb("--lower-case-table-names=1", "--performance-schema=ON")
    ) as made:
        yield made


@contextmanager
def mysql_with(world: str) -> Iterator[Loaded]:
    """Run MySQL with a world; NoServer when `LUCKY_MYSQL_HOME` names none."""
    with _mysql_form(world, MYSQL, mysql("--lower-case-table-names=1")) as made:
        yield made


@contextmanager
def _mysql_form(world: str, engine: str, server: AbstractContextManager[MariaDB]) -> Iterator[Loaded]:
    tables = [_without_padding(each) for each in _tables(world, (ORDERS, CRM, SHOPS))]
    kind = "mysql" if engine == MYSQL else "mariadb"
    with server as running:
        _fill_mariadb(running, tables)
        other = running.connect()
        other._execute_command(COM_QUERY, f"SELECT SLEEP(3600), '{OVERHEARD}'")
        yield Loaded(
            engine=engine,
            world=world,
            kind=Kind.MYSQL,
            dialect=Dialect.MYSQL,
            address=mariadb_address(running),
            sources=(ORDERS, CRM, SHOPS),
            schemas={table.source: table.schema for table in reversed(tables)},
            running=running,
            checksum=lambda: mariadb_sum(running, kind),
            restore=lambda: _fill_mariadb(running, tables),
        )
        other._force_close()


@contextmanager
def postgres_with(world: str) -> Iterator[Loaded]:
    """Run PostgreSQL with a world."""
    tables = _tables(world, (ORDERS, CRM, SHOPS, MAP))
    with postgres("shared_preload_libraries=pg_stat_statements") as running:
        _fill_postgres(running, tables)
        other = running.connect()
        other.execute(f"SELECT '{OVERHEARD}'".encode())
        yield Loaded(
            engine=POSTGRES,
            world=world,
            kind=Kind.POSTGRES,
            dialect=Dialect.POSTGRES,
            address=postgres_address(running),
            sources=(ORDERS, CRM, SHOPS, MAP),
            schemas={table.source: table.schema for table in reversed(tables)},
            running=running,
            checksum=lambda: postgres_sum(running),
            restore=lambda: _fill_postgres(running, tables),
        )
        other.close()


@contextmanager
def redshift_with(world: str) -> Iterator[Loaded]:
    """Run Redshift's wire in front of a PostgreSQL with a world, the warehouse and its views included."""
    sources = (ORDERS, CRM, SHOPS, WAREHOUSE)
    tables, views = _tables(world, sources), _views(world, sources)
    with (
        postgres("shared_preload_libraries=pg_stat_statements") as running,
        tempfile.TemporaryDirectory(prefix="lucky-") as folder,
        redshift_wire(running, Path(folder)) as wire,
    ):
        _fill_postgres(running, tables, views)
        yield Loaded(
            engine=REDSHIFT,
            world=world,
            kind=Kind.REDSHIFT,
            dialect=Dialect.REDSHIFT,
            address=redshift_address(wire),
            sources=sources,
            schemas={table.source: table.schema for table in reversed(tables)},
            running=running,
            checksum=lambda: postgres_sum(running),
            restore=lambda: _fill_postgres(running, tables, views),
        )


def _fill_mariadb(running: MariaDB, tables: Sequence[Table]) -> None:
    """Load the tables into a server without any other schema or account."""
    with running.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN "
            "('information_schema', 'performance_schema', 'mysql', 'sys')"
        )
        for (schema,) in cursor.fetchall():
            cursor.execute(f"DROP DATABASE `{schema}`")
        cursor.execute("DROP USER IF EXISTS evil")
        cursor.execute("SET GLOBAL general_log = 0")
        load_mariadb(connection, tables)
        make_mariadb_reader(running, schemas_of(tables))
        for text in _BEHIND[MARIADB]:
            cursor.execute(text)
        cursor.execute(f"GRANT PROCESS ON *.* TO {READER}")
        cursor.execute(f"GRANT SELECT ON performance_schema.* TO {READER}")


def _fill_postgres(running: Postgres, tables: Sequence[Table], views: Sequence[View] = ()) -> None:
    """Load the tables into a server without any other schema, role or large object."""
    with running.connect() as connection:
        for schema in {*schemas_of(tables), *(view.schema for view in views), "evil"}:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        connection.execute(b"CREATE SCHEMA IF NOT EXISTS public")
        connection.execute(b"DROP ROLE IF EXISTS evil")
        connection.execute(b"DROP EXTENSION IF EXISTS dblink")
        connection.execute(b"SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
        connection.execute(b"ALTER SYSTEM RESET ALL")
        load_postgres(connection, tables)
        for view in views:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {view.schema}".encode())
            connection.execute(f"CREATE VIEW {view.schema}.{view.name} AS {view.sql}".encode())
        make_postgres_reader(running, sorted({*schemas_of(tables), *(view.schema for view in views)}))
        connection.execute(f"ALTER ROLE {READER} CONNECTION LIMIT -1".encode())
        for text in _BEHIND[POSTGRES]:
            connection.execute(text.encode())
        connection.execute(b"CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
        connection.execute(f"GRANT pg_read_all_stats TO {READER}".encode())


def _tables(world: str, sources: Sequence[str]) -> list[Table]:
    return [table for table in laden(world).fleet.tables if table.source in sources]


def _views(world: str, sources: Sequence[str]) -> list[View]:
    return [view for view in laden(world).fleet.views if view.source in sources]


def _without_padding(table: Table) -> Table:
    """Leave out the order in `usd `: MariaDB's default collation takes it for USD, for everybody."""
    if table.name not in {"t_sales_order_m", "t_sales_order_m_old", "t_sales_order_m_old_b"}:
        return table
    place = [column.name for column in table.columns].index("currency_code")
    rows = [row for row in table.rows if row[place] != "usd "]
    return replace(table, rows=rows)
