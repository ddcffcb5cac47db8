"""Pairs of private servers of which the second follows the first, and ways to hold it back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.servers import MariaDB, NoServer, Postgres, mariadb, postgres, postgres_standby

FOLLOWER = "follower"
SECRET = "f0llow"
WAIT_SECONDS = 20


@contextmanager
def mariadb_pair() -> Iterator[tuple[MariaDB, MariaDB]]:
    """Run a primary and a replica that has applied all of it; NoServer when they cannot be."""
    with (
        mariadb("--server-id=1", "--log-bin=bin") as primary,
        mariadb("--server-id=2", "--skip-log-bin", "--read-only", "--slave-net-timeout=10") as replica,
    ):
        _run(
            primary,
            f"CREATE USER {FOLLOWER} IDENTIFIED BY '{SECRET}'",
            f"GRANT REPLICATION SLAVE ON *.* TO {FOLLOWER}",
            "RESET MASTER",
        )
        _run(
            replica,
            f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {primary.port},"
            f" MASTER_USER = '{FOLLOWER}', MASTER_PASSWORD = '{SECRET}', MASTER_USE_GTID = slave_pos,"
            " MASTER_CONNECT_RETRY = 1",
            "START SLAVE",
        )
        yield primary, replica
        _run(replica, "STOP SLAVE")


@contextmanager
def postgres_pair() -> Iterator[tuple[Postgres, Postgres]]:
    """Run a primary and a streaming standby; NoServer when they cannot be."""
    with postgres() as primary, postgres_standby(primary) as standby:
        yield primary, standby


def follow_up(primary: MariaDB | Postgres, replica: MariaDB | Postgres) -> None:
    """Wait until the replica has applied what the primary has now; NoServer when it does not."""
    if isinstance(primary, MariaDB):
        assert isinstance(replica, MariaDB)
        with primary.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@gtid_binlog_pos")
            (position,) = cursor.fetchone() or ("",)
        with replica.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT MASTER_GTID_WAIT(%s, %s)", (position, WAIT_SECONDS))
            if cursor.fetchone() != (0,):
                raise NoServer("the replica does not follow")
        return
    assert isinstance(replica, Postgres)
    with primary.connect() as connection:
        # A commit that waits flushes all that was written before it.
        connection.execute("SET synchronous_commit = local")
        connection.execute("SELECT pg_logical_emit_message(true, 'follow', 'up')")
        (position,) = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone() or ("",)
    with replica.connect() as connection:
        deadline = time.monotonic() + WAIT_SECONDS
        while connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,)).fetchone() != (
            True,
        ):
            if time.monotonic() > deadline:
                raise NoServer("the standby does not follow")
            time.sleep(0.02)


def _run(server: MariaDB, *texts: str) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)
