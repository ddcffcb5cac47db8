"""What it costs to ask a server for a plan before a read, beside the read itself."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from bench.fleet import LAST_DAY
from bench.server_questions import BY_HAND, QUESTIONS
from bench.servers import SALES, SESSIONS, TIMEOUT_MS, guarded, on_mariadb, on_postgres, once
from lucky_mcp.adapters.session import Probed, Session
from lucky_mcp.demo.generate import generate
from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedSql
from lucky_mcp.enforcement.probes import plan_of, sizes_of
from lucky_mcp.gateway.view import View
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Kind, Source
from tests.live.fleet import ENVIRONMENT, on_server

HEAD = ("server", "question", "read ms", "estimate ms", "estimate / read")
SIZES = "sizes of both tables, kept for ten minutes"
TABLES = tuple(
    TableName(schema="luckyus_sales_order", table=table) for table in ("t_sales_order_m", "t_order_item")
)
Row = tuple[str, ...]


def estimates(view: View, rows: int, turns: int) -> Iterator[Row]:
    """Yield one line per server and question, medians of so many turns; NoServer without servers."""
    fleet = generate(seed=7, end=LAST_DAY, scale="tiny")
    tables = [replace(table, rows=[]) for table in fleet.tables if table.source == SALES]
    for name, kind, opened in (
        ("MariaDB", Kind.MYSQL, on_mariadb),
        ("PostgreSQL", Kind.POSTGRES, on_postgres),
    ):
        with opened(tables, rows) as (address, _):
            source = on_server(view.policies.sources[SALES], kind, address)
            session = SESSIONS[kind](source, ENVIRONMENT)
            session.open()
            for title in QUESTIONS:
                plain, _ = BY_HAND[title](rows // 2 + 1)
                yield (name, title, *_measured(session, guarded(view, source, plain), source, turns))
            yield (name, SIZES, "", f"{_asking(session, sizes_of(source, TABLES), turns):.2f}", "")
            session.close()


def _measured(session: Session, read: GuardedSql, source: Source, turns: int) -> Row:
    probe = plan_of(source, read)
    once(session, read)
    taken = _median(lambda: once(session, read), turns)
    asked = _asking(session, probe, turns)
    return (f"{taken:.2f}", f"{asked:.2f}", f"{asked / taken:.2f}")


def _asking(session: Session, probe: GuardedProbe, turns: int) -> float:
    return _median(lambda: _asked(session, probe), turns)


def _asked(session: Session, probe: GuardedProbe) -> None:
    """Ask as an adapter does, the session's own set-up included."""
    assert isinstance(session, Probed)
    session.prepare(TIMEOUT_MS)
    session.probe(probe)


def _median(work: Callable[[], object], turns: int) -> float:
    """Return the median of the milliseconds that the work takes."""
    taken = []
    for _ in range(turns):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)
