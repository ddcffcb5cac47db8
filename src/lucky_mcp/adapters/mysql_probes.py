"""What MySQL and MariaDB are asked about themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from lucky_mcp.adapters.mysql_plans import rows_examined
from lucky_mcp.adapters.mysql_settings import Flavour
from lucky_mcp.adapters.mysql_steps import steps_of
from lucky_mcp.enforcement.guarded import GuardedProbe
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.names import TableName
from lucky_mcp.model.probe import Answer, Lag, Load, Plan, Probe, Sizes
from lucky_mcp.model.source import Replication

# Servers before MySQL 8.0.22 and MariaDB 10.5 know the older words alone; the columns have either.
STATUS = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")
NO_SUCH_STATEMENT = 1064
REFUSED = 1227
RUNNING = (("Replica_IO_Running", "Slave_IO_Running"), ("Replica_SQL_Running", "Slave_SQL_Running"))
BEHIND = ("Seconds_Behind_Source", "Seconds_Behind_Master")

SEES_ALL = re.compile(r"GRANT .*\b(?:PROCESS|ALL PRIVILEGES)\b.* ON \*\.\* ", re.IGNORECASE)
LONG_RUNNING = """
SELECT COUNT(*) FROM information_schema.processlist
WHERE command NOT IN ('Sleep', 'Daemon', 'Binlog Dump', 'Binlog Dump GTID') AND user <> 'system user'
  AND id <> CONNECTION_ID() AND time >= %s
"""
REPEATED = ("DEPENDENT SUBQUERY", "DEPENDENT UNION", "UNCACHEABLE SUBQUERY", "UNCACHEABLE UNION")
SIZE = "SELECT table_rows FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"

Connection = Any
Row = Mapping[str, object]


def ask(connection: Connection, flavour: Flavour, read: GuardedProbe) -> Answer:
    """Put one question of the closed list to the server."""
    if flavour is Flavour.DORIS:
        raise EngineError(EngineErrorKind.INVALID_QUERY, "Doris is not asked about itself")
    if read.question is Probe.LOAD:
        return _load(connection, read.source.limits.long_running_s)
    if read.question is Probe.PLAN:
        return _plan(connection, flavour, read)
    if read.question is Probe.SIZES:
        return _sizes(connection, read.tables)
    replication = read.source.replication
    return _heartbeat(connection, replication) if replication.heartbeat else _replica_lag(connection)


def _heartbeat(connection: Connection, replication: Replication) -> Lag:
    """The age of the newest heartbeat: its time is UTC, or a TIMESTAMP that is shown in UTC here."""
    table = ".".join(map(_quoted, replication.heartbeat.split(".")))
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00'")
        cursor.execute(
            f"SELECT TIMESTAMPDIFF(MICROSECOND, MAX({_quoted(replication.heartbeat_column)}),"  # noqa: S608 (quoted)
            f" UTC_TIMESTAMP(6)) / 1000000 FROM {table}"
        )
        (age,) = cursor.fetchone() or (None,)
    return Lag(seconds=None, why="the heartbeat table is empty") if age is None else _seconds(age)


def _replica_lag(connection: Connection) -> Lag:
    """The server's own word; of several channels the one that is furthest behind."""
    try:
        channels = _status(connection)
    except pymysql.Error as failure:
        if failure.args and failure.args[0] == REFUSED:
            return Lag(
                seconds=None, why="the account may not see it: GRANT REPLICATION CLIENT (or REPLICA MONITOR)"
            )
        raise
    if not channels:
        return Lag(seconds=None, why="it replicates nothing by its own word")
    for row in channels:
        if any(_of(row, names) != "Yes" for names in RUNNING) or _of(row, BEHIND) is None:
            return Lag(seconds=None, why="replication does not run")
    return _seconds(max(float(str(_of(row, BEHIND))) for row in channels))


def _status(connection: Connection) -> Sequence[Row]:
    with connection.cursor(DictCursor) as cursor:
        try:
            cursor.execute(STATUS[0])
        except pymysql.err.ProgrammingError as failure:
            if failure.args[0] != NO_SUCH_STATEMENT:
                raise
            cursor.execute(STATUS[1])
        return list(cursor.fetchall())


def _of(row: Row, names: Sequence[str]) -> object:
    return next((row[name] for name in names if name in row), None)


def _seconds(age: object) -> Lag:
    """Clocks differ a little: a heartbeat from the future is one of now."""
    return Lag(seconds=max(0.0, float(str(age))))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _load(connection: Connection, long_s: int) -> Load:
    """Statements that run, without this one; those that have run for long, which only PROCESS shows."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")
        _, running = cursor.fetchone() or ("", 1)
        cursor.execute("SHOW GRANTS")
        if not any(SEES_ALL.search(str(line)) for (line,) in cursor.fetchall()):
            return Load(running=int(running) - 1, long_running=None, why="GRANT PROCESS to the account")
        cursor.execute(LONG_RUNNING, (long_s,))
        (long_running,) = cursor.fetchone() or (0,)
    return Load(running=int(running) - 1, long_running=int(long_running))


def _plan(connection: Connection, flavour: Flavour, read: GuardedProbe) -> Plan:
    if read.read is None:
        raise ValueError("there is nothing to explain")
    text = read.text or read.read.text_sent
    with connection.cursor() as cursor:
        if flavour is Flavour.MYSQL:
            with suppress(pymysql.Error):  # servers before 8.3 have the one form and no setting
                cursor.execute("SET SESSION explain_json_format_version = 1")
        cursor.execute(f"EXPLAIN FORMAT=JSON {text}")
        (plan,) = cursor.fetchone() or ("{}",)
        repeated = set()
        if flavour is Flavour.MARIADB and '"subqueries"' in plan:  # its JSON leaves out which are repeated
            cursor.execute(f"EXPLAIN {text}")
            repeated = {int(row[0]) for row in cursor.fetchall() if row[0] and row[1] in REPEATED}
    told = json.loads(plan)
    return Plan(rows=rows_examined(told, repeated), steps=steps_of(told))


def _sizes(connection: Connection, tables: tuple[TableName, ...]) -> Sizes:
    """One table at a time: MariaDB opens no other tables then."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(SIZE, (table.schema, table.table))
            (rows,) = cursor.fetchone() or (None,)
            if rows is not None:
                found[table] = float(rows)
    return Sizes(rows=found)
