"""What the guard costs on real servers with a million rows: guarded against unguarded, in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bench.fleet import ANALYST, LAST_DAY
from bench.server_questions import BY_HAND, INDEX, INDEXED, QUESTIONS, SCHEMA
from lucky_mcp.adapters.mysql import MySQLSession
from lucky_mcp.adapters.postgres import PostgresSession
from lucky_mcp.adapters.session import Session
from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.tables import Table
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.gateway.prepare import prepare
from lucky_mcp.gateway.view import View
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind, Server, Source
from tests.live.fleet import (
    ENVIRONMENT,
    make_mariadb_reader,
    make_postgres_reader,
    mariadb_address,
    on_server,
    postgres_address,
)
from tests.live.sealed import sealed
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import MariaDB, Postgres, mariadb, postgres

SALES = "aws-luckyus-salesorder-rw"
SESSIONS = {Kind.MYSQL: MySQLSession, Kind.POSTGRES: PostgresSession}
TIMEOUT_MS, ROWS_MAX = 120_000, 1000
ROUNDS_MAX, ROUNDS_MIN = 101, 5
# A twentieth of the orders are in a currency, or of a store, that nobody outside may know of.
ORDER = (
    "{n}, {text_n}, {user}, CASE WHEN {n} % 50 = 0 THEN 20001 ELSE 10001 + {n} % 11 END,"
    " 'Store', CASE {n} % 20 WHEN 0 THEN 91 WHEN 1 THEN 99 ELSE 90 END, 'pickup',"
    " CASE WHEN {n} % 37 = 0 THEN 'NZD' ELSE 'USD' END, 5 + {n} % 700 / 100, 1.00, 4 + {n} % 700 / 100, NULL,"
    " {time}, NULL"
)
ITEM = (
    "{n}, 1 + {n} % {orders}, 'SP0001', 'Coconut Latte', 1 + {n} % 3, 3 + {n} % 500 / 100,"
    " (1 + {n} % 3) * (3 + {n} % 500 / 100)"
)
WORDS = {
    Kind.MYSQL: {
        "n": "seq",
        "text_n": "CAST(seq AS CHAR)",
        "user": "CONCAT('U', seq % 50000)",
        "time": "TIMESTAMPADD(SECOND, seq * 8 % 7776000, '2025-11-16')",
        "rows": "seq_1_to_{rows}",
    },
    Kind.POSTGRES: {
        "n": "seq",
        "text_n": "seq::text",
        "user": "'U' || seq % 50000",
        "time": "timestamp '2025-11-16' + seq * 8 % 7776000 * interval '1 second'",
        "rows": "generate_series(1, {rows}) AS g(seq)",
    },
}
HEAD = (
    "server",
    "question",
    "fenced",
    "plain ms",
    "guarded ms",
    "text ×",
    "read ×",
    "read × by hand",
)
Row = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Seconds of one read: resetting and setting up its session, then running the text and fetching."""

    session: float
    text: float

    @property
    def read(self) -> float:
        """What a caller waits for at the server."""
        return self.session + self.text


Turn = tuple[Taken, Taken, Taken]
"""One read each of the plain question, of the guarded text, and of the question with the filters by hand."""
Ask = Callable[[str], object]


def ratios(view: View, rows: int, seconds: float) -> Iterator[Row]:
    """Yield one line per server and question, as HEAD names its cells.

    Each question gets at least ROUNDS_MIN turns, and more for as long as `seconds`. NoServer without servers.
    """
    fleet = generate(seed=7, end=LAST_DAY, scale="tiny")
    tables = [replace(table, rows=[]) for table in fleet.tables if table.source == SALES]
    for name, kind, opened in (
        ("MariaDB", Kind.MYSQL, on_mariadb),
        ("PostgreSQL", Kind.POSTGRES, on_postgres),
    ):
        with opened(tables, rows) as (address, ask):
            source = on_server(view.policies.sources[SALES], kind, address)
            session: Session = SESSIONS[kind](source, ENVIRONMENT)
            session.open()
            for title in (*QUESTIONS, INDEXED):
                if title == INDEXED:
                    ask(INDEX)
                plain, by_hand = BY_HAND[title](rows // 2 + 1)
                read = guarded(view, source, plain)
                fenced = "yes" if read.always_fenced else "no"
                yield (name, title, fenced, *measured(session, (plain, by_hand), read, seconds))
            session.close()


def guarded(view: View, source: Source, sql: str) -> GuardedSql:
    """Return what the gateway would run."""
    request = SqlRead(source=source.name, sql=sql, rows_max=ROWS_MAX)
    return prepare(view, ANALYST, source, request).guarded


def measured(session: Session, texts: tuple[str, str], read: GuardedSql, seconds: float) -> Row:
    """Time all three in turns, after one read of each that is not counted; who is first changes as well."""
    plain, by_hand = (sealed(read.source, text, rows_max=ROWS_MAX, bytes_max=1 << 26) for text in texts)
    reads = (plain, read, by_hand)
    for each in reads:
        once(session, each)
    turns: list[Turn] = []
    began = time.perf_counter()
    while len(turns) < ROUNDS_MIN or (time.perf_counter() - began < seconds and len(turns) < ROUNDS_MAX):
        first = len(turns) % len(reads)
        taken = {at: once(session, reads[at]) for at in (*range(first, len(reads)), *range(first))}
        turns.append((taken[0], taken[1], taken[2]))
    times = [1000 * statistics.median(taken.text for taken in side) for side in zip(*turns, strict=True)]
    return tuple(f"{each:.2f}" for each in (*times[:2], *all_ratios(turns)))


def all_ratios(turns: Sequence[Turn]) -> tuple[float, float, float]:
    """Return the medians over the turns: guarded over plain, of the text and of the read; the same by hand."""
    return (
        statistics.median(guarded.text / plain.text for plain, guarded, _ in turns),
        statistics.median(guarded.read / plain.read for plain, guarded, _ in turns),
        statistics.median(guarded.read / by_hand.read for _, guarded, by_hand in turns),
    )


def once(session: Session, read: GuardedSql) -> Taken:
    """Read as an adapter does."""
    start = time.perf_counter()
    session.prepare(TIMEOUT_MS)
    ready = time.perf_counter()
    session.fetch(read, fenced=read.always_fenced)
    return Taken(session=ready - start, text=time.perf_counter() - ready)


def fills(kind: Kind, rows: int) -> list[str]:
    """Return the statements that fill both tables."""
    words = WORDS[kind] | {"orders": str(rows)}
    words["rows"] = words["rows"].format(rows=rows)
    return [
        f"INSERT INTO luckyus_sales_order.{table} SELECT {columns.format(**words)} FROM {words['rows']}"
        for table, columns in (("t_sales_order_m", ORDER), ("t_order_item", ITEM))
    ]


@contextmanager
def on_mariadb(tables: Sequence[Table], rows: int) -> Iterator[tuple[Server, Ask]]:
    """Run a private server with the tables filled, and ask it what its administrator may."""
    with mariadb("--innodb-buffer-pool-size=1G") as running:
        with MariaDB.connect(running) as connection, connection.cursor() as cursor:
            load_mariadb(connection, tables)
            connection.select_db(SCHEMA)
            analyzed = [f"ANALYZE TABLE {SCHEMA}.{each.name}" for each in tables]
            for text in (*fills(Kind.MYSQL, rows), *analyzed):
                cursor.execute(text)
                cursor.fetchall()
        make_mariadb_reader(running, [SCHEMA])
        with MariaDB.connect(running) as connection:
            yield mariadb_address(running), connection.query


@contextmanager
def on_postgres(tables: Sequence[Table], rows: int) -> Iterator[tuple[Server, Ask]]:
    """Run a private server with the tables filled, and ask it what its administrator may."""
    with postgres() as running:
        with Postgres.connect(running) as connection:
            load_postgres(connection, tables)
            for text in (*fills(Kind.POSTGRES, rows), "VACUUM ANALYZE"):
                connection.execute(text.encode())
        make_postgres_reader(running, [SCHEMA])
        with Postgres.connect(running) as connection:
            yield postgres_address(running), lambda text: connection.execute(text.encode())


def summary(lines: Sequence[Row]) -> str:
    """Say the median and the worst of `read ×` on each server and on both, the line with an index apart."""
    counted = [line for line in lines if line[1] != INDEXED]

    def said(title: str, some: Sequence[Row], column: str) -> str:
        found = [float(line[HEAD.index(column)]) for line in some]
        return f"{title} {statistics.median(found):.2f} and {max(found):.2f}"

    names = list(dict.fromkeys(line[0] for line in counted))
    parts = [said(name, [line for line in counted if line[0] == name], "read ×") for name in names]
    return (
        f"Median and worst of *read ×*: {', '.join(parts)}, {said('together', counted, 'read ×')};"
        f" {said('against the filters by hand', counted, 'read × by hand')}."
    )
