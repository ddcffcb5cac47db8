"""What PostgreSQL is asked about itself."""

from __future__ import annotations

import time

import psycopg
from psycopg import sql

from lucky_mcp.enforcement.guarded import GuardedProbe
from lucky_mcp.model.probe import Answer, Lag
from lucky_mcp.model.source import Replication

# What was received when the question came must be replayed within these looks to count as caught up.
LOOKS = 3
LOOK_SECONDS = 0.05
STATE = """
SELECT pg_is_in_recovery(), EXISTS (SELECT FROM pg_stat_wal_receiver), pg_last_wal_receive_lsn()::text,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
"""
HAS_REPLAYED = b"SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"


def ask(connection: psycopg.Connection, read: GuardedProbe) -> Answer:
    """Put one question of the closed list to the server."""
    replication = read.source.replication
    return _heartbeat(connection, replication) if replication.heartbeat else _replica_lag(connection)


def _heartbeat(connection: psycopg.Connection, replication: Replication) -> Lag:
    """The age of the newest heartbeat; a timestamp without a zone is UTC."""
    connection.execute("SET TimeZone = 'UTC'")
    text = sql.SQL(
        "SELECT extract(epoch FROM clock_timestamp() - max({column}))::float8 FROM {table}"
    ).format(
        column=sql.Identifier(replication.heartbeat_column),
        table=sql.Identifier(*replication.heartbeat.split(".")),
    )
    (age,) = connection.execute(text).fetchone() or (None,)
    return (
        Lag(seconds=None, why="the heartbeat table is empty") if age is None else Lag(seconds=max(0.0, age))
    )


def _replica_lag(connection: psycopg.Connection) -> Lag:
    """Nothing that was received is waiting: then it is not behind, however long ago the last change was.

    Else the age of the last change that was replayed, which is never less than the lag. Without a connection
    to its primary that is all that is known, whatever is waiting.
    """
    in_recovery, is_fed, received, age = connection.execute(STATE).fetchone() or (False, False, None, None)
    if not in_recovery:
        return Lag(seconds=None, why="it is no standby")
    for look in range(LOOKS if is_fed and received is not None else 0):
        time.sleep(LOOK_SECONDS if look else 0)
        (has_replayed,) = connection.execute(HAS_REPLAYED, (received,)).fetchone() or (False,)
        if has_replayed:
            return Lag(seconds=0.0)
    if age is None:
        return Lag(seconds=None, why="nothing was replayed yet")
    return Lag(seconds=max(0.0, age))
