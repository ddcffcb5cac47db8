"""What the guard costs on real servers with a million rows: guarded against unguarded, in pairs and in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bench.fleet import ANALYST, LAST_DAY
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

SALES, SCHEMA = "aws-luckyus-salesorder-rw", "luckyus_sales_order"
TABLES = {"orders": f"{SCHEMA}.t_sales_order_m", "items": f"{SCHEMA}.t_order_item"}
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
QUESTIONS = {
    "point": "SELECT * FROM {items} WHERE order_item_id = {key}",
    "point, a table with masks": "SELECT * FROM {orders} WHERE order_id = {key}",
    "range": "SELECT order_no, pay_amount FROM {orders}"
    " WHERE order_time >= '2026-02-10 09:00:00' AND order_time < '2026-02-10 11:00:00'",
    "join of one order": "SELECT o.order_no, i.spu_code FROM {orders} o"
    " JOIN {items} i ON i.order_id = o.order_id WHERE o.order_id = {key}",
    "join of a day": "SELECT o.shop_id, SUM(i.item_amount) AS total FROM {orders} o"
    " JOIN {items} i ON i.order_id = o.order_id"
    " WHERE o.order_time >= '2026-02-10' AND o.order_time < '2026-02-11' GROUP BY o.shop_id",
    "join of all": "SELECT o.shop_id, SUM(i.item_amount) AS total FROM {orders} o"
    " JOIN {items} i ON i.order_id = o.order_id GROUP BY o.shop_id",
    "EXISTS in a day": "SELECT COUNT(*) AS n FROM {orders} o"
    " WHERE o.order_time >= '2026-02-10' AND o.order_time < '2026-02-11'"
    " AND EXISTS (SELECT 1 FROM {items} i WHERE i.order_id = o.order_id AND i.quantity > 2)",
    "EXISTS over all": "SELECT COUNT(*) AS n FROM {orders} o"
    " WHERE EXISTS (SELECT 1 FROM {items} i WHERE i.order_id = o.order_id AND i.quantity > 2)",
    "group by": "SELECT shop_id, COUNT(*) AS n, SUM(pay_amount) AS total FROM {orders}"
    " WHERE order_status = 90 GROUP BY shop_id",
    "order and limit": "SELECT order_no, order_time FROM {orders} ORDER BY order_time DESC LIMIT 20",
    "a day, with a part that can fail": "SELECT COUNT(*) AS n FROM {orders}"
    " WHERE order_time >= '2026-02-10' AND order_time < '2026-02-11' AND EXP(pay_amount) > 100",
}
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


Pairs = Sequence[tuple[Taken, Taken]]


def ratios(view: View, rows: int, seconds: float) -> Iterator[Row]:
    """Yield one line per server and question: fenced or not, plain and guarded ms, ratios of text and of read.

    Each question gets at least ROUNDS_MIN pairs, and more for as long as `seconds`. NoServer without servers.
    """
    fleet = generate(seed=7, end=LAST_DAY, scale="tiny")
    tables = [replace(table, rows=[]) for table in fleet.tables if table.source == SALES]
    for name, kind, opened in (
        ("MariaDB", Kind.MYSQL, on_mariadb),
        ("PostgreSQL", Kind.POSTGRES, on_postgres),
    ):
        with opened(tables, rows) as address:
            source = on_server(view.policies.sources[SALES], kind, address)
            session: Session = SESSIONS[kind](source, ENVIRONMENT)
            session.open()
            for title, text in QUESTIONS.items():
                sql = text.format(key=rows // 2 + 1, **TABLES)
                read = guarded(view, source, sql)
                yield (
                    name,
                    title,
                    "yes" if read.always_fenced else "no",
                    *measured(session, sql, read, seconds),
                )
            session.close()


def guarded(view: View, source: Source, sql: str) -> GuardedSql:
    """Return what the gateway would run."""
    request = SqlRead(source=source.name, sql=sql, rows_max=ROWS_MAX)
    return prepare(view, ANALYST, source, request).guarded


def measured(session: Session, sql: str, read: GuardedSql, seconds: float) -> Row:
    """Time both in turns, after one read of each that is not counted; which of them is first changes as well."""
    plain = sealed(read.source, sql, rows_max=ROWS_MAX, bytes_max=1 << 26)
    once(session, plain), once(session, read)
    pairs: list[tuple[Taken, Taken]] = []
    began = time.perf_counter()
    while len(pairs) < ROUNDS_MIN or (time.perf_counter() - began < seconds and len(pairs) < ROUNDS_MAX):
        if len(pairs) % 2:
            second = once(session, read)
            pairs.append((once(session, plain), second))
        else:
            first = once(session, plain)
            pairs.append((first, once(session, read)))
    texts = [1000 * statistics.median(taken.text for taken in side) for side in zip(*pairs, strict=True)]
    return (*(f"{each:.2f}" for each in texts), *(f"{each:.2f}" for each in both_ratios(pairs)))


def both_ratios(pairs: Pairs) -> tuple[float, float]:
    """Return the medians of the ratios of calls that followed each other: of the text, and of the whole read."""
    return (
        statistics.median(second.text / first.text for first, second in pairs),
        statistics.median(second.read / first.read for first, second in pairs),
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
def on_mariadb(tables: Sequence[Table], rows: int) -> Iterator[Server]:
    """Run a private server with the tables filled."""
    with mariadb("--innodb-buffer-pool-size=1G") as running:
        with MariaDB.connect(running) as connection, connection.cursor() as cursor:
            load_mariadb(connection, tables)
            connection.select_db(SCHEMA)
            analyzed = [f"ANALYZE TABLE {SCHEMA}.{each.name}" for each in tables]
            for text in (*fills(Kind.MYSQL, rows), *analyzed):
                cursor.execute(text)
                cursor.fetchall()
        make_mariadb_reader(running, [SCHEMA])
        yield mariadb_address(running)


@contextmanager
def on_postgres(tables: Sequence[Table], rows: int) -> Iterator[Server]:
    """Run a private server with the tables filled."""
    with postgres() as running:
        with Postgres.connect(running) as connection:
            load_postgres(connection, tables)
            for text in (*fills(Kind.POSTGRES, rows), "VACUUM ANALYZE"):
                connection.execute(text.encode())
        make_postgres_reader(running, [SCHEMA])
        yield postgres_address(running)
