"""What PostgreSQL is asked about itself."""

from __future__ import annotations

import json
import time

import psycopg
from psycopg import sql

from lucky_mcp.adapters.postgres_steps import steps_of
from lucky_mcp.enforcement.guarded import GuardedProbe
from lucky_mcp.model.names import TableName
from lucky_mcp.model.probe import Answer, Lag, Load, Plan, Probe, Sizes
from lucky_mcp.model.source import Replication

# What was received when the question came must be replayed within these looks to count as caught up.
LOOKS = 3
LOOK_SECONDS = 0.05
STATE = """
SELECT pg_is_in_recovery(), EXISTS (SELECT FROM pg_stat_wal_receiver), pg_last_wal_receive_lsn()::text,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
"""
# What reading one row of many costs by the default settings, with its share of a page.
COST_OF_A_ROW = 0.02
RUNNING = """
SELECT count(*) FILTER (WHERE state = 'active'),
       count(*) FILTER (WHERE state = 'active'
                          AND query_start < clock_timestamp() - make_interval(secs => %s)),
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
SIZE = """
SELECT c.reltuples::float8 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'm') AND c.reltuples >= 0
"""
HAS_REPLAYED = b"SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"


def ask(connection: psycopg.Connection, read: GuardedProbe) -> Answer:
    """Put one question of the closed list to the server."""
    if read.question is Probe.LOAD:
        return _load(connection, read.source.limits.long_running_s)
    if read.question is Probe.PLAN:
        return _plan(connection, read)
    if read.question is Probe.SIZES:
        return _sizes(connection, read.tables)
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


def _load(connection: psycopg.Connection, long_s: int) -> Load:
    """What other sessions run; without the right to see it their state is NULL, as if they rested."""
    running, long_running, sees_all = connection.execute(RUNNING, (long_s,)).fetchone() or (0, 0, False)
    if not sees_all:
        return Load(running=None, long_running=None, why="GRANT pg_read_all_stats to the account")
    return Load(running=running, long_running=long_running)


def _plan(connection: psycopg.Connection, read: GuardedProbe) -> Plan:
    """By the extended protocol, as the text itself is sent: it takes one statement and no more."""
    if read.read is None:
        raise ValueError("there is nothing to explain")
    text = read.text or read.read.text_sent
    with connection.cursor() as cursor:
        lines = [str(line) for (line,) in cursor.stream(f"EXPLAIN (FORMAT JSON) {text}".encode())]
    (told,) = json.loads("".join(lines))
    cost = told["Plan"].get("Total Cost")
    rows = None if cost is None else float(cost) / COST_OF_A_ROW
    return Plan(rows=rows, steps=steps_of(told["Plan"]))


def _sizes(connection: psycopg.Connection, tables: tuple[TableName, ...]) -> Sizes:
    found = {}
    for table in tables:
        row = connection.execute(SIZE, (table.schema, table.table)).fetchone()
        if row is not None:
            found[table] = float(row[0])
    return Sizes(rows=found)
