"""Private MariaDB and PostgreSQL servers that each hold one laden world, and accounts that may read all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from psycopg import sql
from pymysql.constants.COMMAND import COM_QUERY

from lucky_mcp.demo.tables import Table
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.model.source import Server as Address
from tests.attacks.laden import laden
from tests.live.fleet import (
    READER,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    postgres_address,
    schemas_of,
)
from tests.support.reference import CRM, MAP, ORDERS, SHOPS
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres, mariadb, postgres

MARIADB, POSTGRES = "mariadb", "postgresql"
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
    tables = [_without_padding(each) for each in _tables(world, (ORDERS, CRM, SHOPS))]
    with mariadb("--lower-case-table-names=1", "--performance-schema=ON") as running:
        _fill_mariadb(running, tables)
        other = running.connect()
        other._execute_command(COM_QUERY, f"SELECT SLEEP(3600), '{OVERHEARD}'")
        yield Loaded(
            engine=MARIADB,
            world=world,
            kind=Kind.MYSQL,
            dialect=Dialect.MYSQL,
            address=mariadb_address(running),
            sources=(ORDERS, CRM, SHOPS),
            schemas={table.source: table.schema for table in reversed(tables)},
            running=running,
            checksum=lambda: _mariadb_sum(running),
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
            checksum=lambda: _postgres_sum(running),
            restore=lambda: _fill_postgres(running, tables),
        )
        other.close()


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


def _fill_postgres(running: Postgres, tables: Sequence[Table]) -> None:
    """Load the tables into a server without any other schema, role or large object."""
    with running.connect() as connection:
        for schema in {*schemas_of(tables), "evil"}:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        connection.execute(b"CREATE SCHEMA IF NOT EXISTS public")
        connection.execute(b"DROP ROLE IF EXISTS evil")
        connection.execute(b"DROP EXTENSION IF EXISTS dblink")
        connection.execute(b"SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
        connection.execute(b"ALTER SYSTEM RESET ALL")
        load_postgres(connection, tables)
        make_postgres_reader(running, schemas_of(tables))
        connection.execute(f"ALTER ROLE {READER} CONNECTION LIMIT -1".encode())
        for text in _BEHIND[POSTGRES]:
            connection.execute(text.encode())
        connection.execute(b"CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
        connection.execute(f"GRANT pg_read_all_stats TO {READER}".encode())


def _tables(world: str, sources: Sequence[str]) -> list[Table]:
    return [table for table in laden(world).fleet.tables if table.source in sources]


def _without_padding(table: Table) -> Table:
    """Leave out the order in `usd `: MariaDB's default collation takes it for USD, for everybody."""
    if table.name not in {"t_sales_order_m", "t_sales_order_m_old", "t_sales_order_m_old_b"}:
        return table
    place = [column.name for column in table.columns].index("currency_code")
    rows = [row for row in table.rows if row[place] != "usd "]
    return replace(table, rows=rows)


def _names(folder: Path) -> list[str]:
    """Return the names of files that somebody wrote there."""
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith(("#", ".")))


def _mariadb_sum(running: MariaDB) -> str:
    made = hashlib.sha256()
    with running.connect() as connection, connection.cursor() as cursor:

        def add(text: str) -> list[tuple[object, ...]]:
            cursor.execute(text)
            rows = list(cursor.fetchall())
            made.update(repr(rows).encode())
            return rows

        own = "NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')"
        add("SELECT * FROM mysql.global_priv ORDER BY 1, 2")
        add("SELECT * FROM mysql.db ORDER BY 1, 2, 3")
        made.update(repr(_names(running.socket.parent)).encode())
        add(f"SELECT * FROM information_schema.schemata WHERE schema_name {own} ORDER BY 2")
        add("SELECT db, name, type, body FROM mysql.proc ORDER BY 1, 2")
        add("SELECT db, name FROM mysql.event ORDER BY 1, 2")
        add("SELECT trigger_schema, trigger_name FROM information_schema.triggers ORDER BY 1, 2")
        add("SELECT variable_name, variable_value FROM information_schema.global_variables WHERE "
            "variable_name IN ('READ_ONLY', 'GENERAL_LOG', 'SQL_MODE', 'SECURE_FILE_PRIV') ORDER BY 1")  # fmt: skip
        tables = add(
            f"SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema {own} ORDER BY 1, 2"
        )
        for schema, table in tables:
            add(f"SELECT * FROM `{schema}`.`{table}` ORDER BY 1")
    return made.hexdigest()


def _postgres_sum(running: Postgres) -> str:
    made = hashlib.sha256()
    with running.connect() as connection:

        def add(text: sql.Composable | str) -> list[tuple[object, ...]]:
            rows = connection.execute(text.encode() if isinstance(text, str) else text).fetchall()
            made.update(repr(rows).encode())
            return rows

        own = "NOT IN ('information_schema', 'pg_catalog', 'pg_toast')"
        add("SELECT datname FROM pg_database ORDER BY 1")
        add("SELECT rolname, rolsuper, rolconnlimit, rolconfig FROM pg_roles ORDER BY 1")
        add("SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp' ORDER BY 1")
        add("SELECT oid, relacl::text, obj_description(oid) FROM pg_class WHERE oid >= 16384 ORDER BY 1")
        made.update(repr(_names(running.folder)).encode())
        add(
            f"SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp' AND nspname {own} ORDER BY 1"
        )
        add("SELECT oid, pronamespace, proname FROM pg_proc WHERE oid >= 16384 ORDER BY 1")
        add(
            "SELECT oid, loid, pageno FROM (SELECT 0 AS oid, loid, pageno FROM pg_largeobject) x ORDER BY 1, 2, 3"
        )
        add("SELECT name, setting FROM pg_file_settings ORDER BY 1")
        add("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        tables = add(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname {own} AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S') "
            "AND c.relname !~ 'pg_stat_statements' ORDER BY 1, 2"
        )
        for schema, table in tables:
            name = sql.Identifier(str(schema), str(table))
            add(sql.SQL("SELECT * FROM {} ORDER BY 1").format(name))
    return made.hexdigest()


def still_running(loaded: Loaded) -> list[str]:
    """Return the statements that run for the reader."""
    with loaded.running.connect() as connection, connection.cursor() as cursor:
        if isinstance(loaded.running, MariaDB):
            cursor.execute(
                "SELECT info FROM information_schema.processlist WHERE user = %s AND info IS NOT NULL",
                (READER,),
            )
        else:
            cursor.execute(
                "SELECT query FROM pg_stat_activity WHERE usename = %s AND state <> 'idle'", (READER,)
            )
        return [str(row[0]) for row in cursor.fetchall()]
