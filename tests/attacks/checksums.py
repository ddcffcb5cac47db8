"""What a server holds, as one number that is otherwise when anything was written, and what still runs on it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from psycopg import sql

from tests.live.fleet import READER
from tests.support.servers import MariaDB, Postgres

_ACCOUNTS = {
    "mariadb": (
        "SELECT * FROM mysql.global_priv ORDER BY 1, 2",
        "SELECT variable_name, variable_value FROM information_schema.global_variables WHERE "
        "variable_name IN ('READ_ONLY', 'GENERAL_LOG', 'SQL_MODE', 'SECURE_FILE_PRIV') ORDER BY 1",
    ),
    "mysql": (
        "SELECT * FROM mysql.user ORDER BY 1, 2",
        "SELECT * FROM mysql.global_grants ORDER BY 1, 2, 3",
        "SELECT * FROM mysql.role_edges ORDER BY 1, 2, 3",
        "SELECT * FROM mysql.component ORDER BY 1",
        "SELECT variable_name, variable_value FROM performance_schema.global_variables WHERE "
        "variable_name IN ('read_only', 'general_log', 'sql_mode', 'secure_file_priv') ORDER BY 1",
    ),
}


def _names(folder: Path) -> list[str]:
    """Return the names of files that somebody wrote there."""
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith(("#", ".")))


def mariadb_sum(running: MariaDB, kind: str) -> str:
    """Return what every table, view, routine and account comes to; `kind` is mariadb or mysql."""
    made = hashlib.sha256()
    with running.connect() as connection, connection.cursor() as cursor:

        def add(text: str) -> list[tuple[object, ...]]:
            cursor.execute(text)
            rows = list(cursor.fetchall())
            made.update(repr(rows).encode())
            return rows

        own = "NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')"
        for text in _ACCOUNTS[kind]:
            add(text)
        add("SELECT * FROM mysql.db ORDER BY 1, 2, 3")
        made.update(repr(_names(running.socket.parent)).encode())
        add(f"SELECT * FROM information_schema.schemata WHERE schema_name {own} ORDER BY 2")
        add(
            "SELECT routine_schema, routine_name, routine_type, routine_definition FROM information_schema.routines "
            f"WHERE routine_schema {own} ORDER BY 1, 2"
        )
        add("SELECT event_schema, event_name FROM information_schema.events ORDER BY 1, 2")
        add("SELECT trigger_schema, trigger_name FROM information_schema.triggers ORDER BY 1, 2")
        tables = add(
            f"SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema {own} ORDER BY 1, 2"
        )
        for schema, table in tables:
            add(f"SELECT * FROM `{schema}`.`{table}` ORDER BY 1")
    return made.hexdigest()


def postgres_sum(running: Postgres) -> str:
    """Return what every table, view, routine and role comes to."""
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


def still_running(running: MariaDB | Postgres) -> list[str]:
    """Return the statements that run for the reader."""
    with running.connect() as connection, connection.cursor() as cursor:
        if isinstance(running, MariaDB):
            cursor.execute(
                "SELECT info FROM information_schema.processlist WHERE user = %s AND info IS NOT NULL",
                (READER,),
            )
        else:
            cursor.execute(
                "SELECT query FROM pg_stat_activity WHERE usename = %s AND state <> 'idle'", (READER,)
            )
        return [str(row[0]) for row in cursor.fetchall()]
