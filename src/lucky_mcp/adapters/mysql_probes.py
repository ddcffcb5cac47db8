"""What MySQL and MariaDB are asked about themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from lucky_mcp.adapters.mysql_settings import Flavour
from lucky_mcp.enforcement.guarded import GuardedProbe
from lucky_mcp.model.probe import Answer, Lag
from lucky_mcp.model.source import Replication

# Servers before MySQL 8.0.22 and MariaDB 10.5 know the older words alone; the columns have either.
STATUS = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")
NO_SUCH_STATEMENT = 1064
REFUSED = 1227
RUNNING = (("Replica_IO_Running", "Slave_IO_Running"), ("Replica_SQL_Running", "Slave_SQL_Running"))
BEHIND = ("Seconds_Behind_Source", "Seconds_Behind_Master")

Connection = Any
Row = Mapping[str, object]


def ask(connection: Connection, flavour: Flavour, read: GuardedProbe) -> Answer:
    """Put one question of the closed list to the server."""
    if flavour is Flavour.DORIS:
        return Lag(seconds=None, why="Doris has no replicas of this kind")
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
