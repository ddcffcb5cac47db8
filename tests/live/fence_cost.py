"""Prints what each form of the fence costs on each engine: `python -m tests.live.fence_cost`.

Medians in milliseconds over the demo of scale small, on private servers, client and server on one machine.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from lucky_mcp.adapters.duckdb import SETTINGS
from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.gateway.view import View
from lucky_mcp.model.source import Kind
from tests.live.forms import Forms, forms, served_by
from tests.support.house import ENGINEER, opened, policies_over
from tests.support.reference import ORDERS
from tests.support.server_tables import load_mariadb, load_postgres
from tests.support.servers import mariadb, postgres

RUNS, SECONDS = 31, 4.0
QUERIES = {
    "one order by its key": "SELECT * FROM t_sales_order_m WHERE order_id = {order}",
    "items of one order": "SELECT * FROM t_order_item WHERE order_id = {order}",
    "an hour of orders": "SELECT order_no, pay_amount FROM t_sales_order_m"
    " WHERE order_time >= '2026-02-10 09:00:00' AND order_time < '2026-02-10 10:00:00'",
    "one order joined with items": "SELECT o.order_no, i.spu_code FROM t_sales_order_m o"
    " JOIN t_order_item i ON i.order_id = o.order_id WHERE o.order_id = {order} AND i.order_id = {order}",
    "one order joined, its key said once": "SELECT o.order_no, i.spu_code FROM t_sales_order_m o"
    " JOIN t_order_item i ON i.order_id = o.order_id WHERE o.order_id = {order}",
    "all orders joined with items": "SELECT o.shop_id, SUM(i.item_amount) FROM t_sales_order_m o"
    " JOIN t_order_item i ON i.order_id = o.order_id GROUP BY o.shop_id",
    "revenue by store": "SELECT shop_id, SUM(pay_amount) FROM t_sales_order_m"
    " WHERE order_status = 90 GROUP BY shop_id",
    "latest 20 orders": "SELECT * FROM t_sales_order_m ORDER BY order_time DESC, order_id LIMIT 20",
}
Ask = Callable[[str], object]


async def main() -> None:
    """Measure every query on every engine and print one line for each."""
    fleet = generate(seed=7, end=date(2026, 2, 14), scale="small")
    tables = [table for table in fleet.tables if table.source == ORDERS]
    orders = tables[0].rows
    print({table.name: len(table.rows) for table in tables})
    texts = {title: text.format(order=orders[len(orders) // 2][0]) for title, text in QUERIES.items()}
    with tempfile.TemporaryDirectory() as name, mariadb() as maria, postgres() as post:
        write_fleet(fleet, Path(name), dialects=DIALECTS)
        gateway = await opened(policies_over(Path("policies"), Path(name)))
        maria_connection, post_connection = maria.connect(), post.connect()
        load_mariadb(maria_connection, tables)
        load_postgres(post_connection, tables)
        cursor = maria_connection.cursor()
        file = duckdb.connect(f"{name}/{ORDERS}.duckdb", read_only=True, config=SETTINGS)
        asks: dict[Kind, Ask] = {
            Kind.MYSQL: lambda text: (cursor.execute(text), cursor.fetchall()),
            Kind.POSTGRES: lambda text: post_connection.execute(text.encode()).fetchall(),
            Kind.DUCKDB: lambda text: file.execute(text).fetchall(),
        }
        for kind, ask in asks.items():
            measure(gateway.view(), kind, ask, texts)
        await gateway.close()


def measure(view: View, kind: Kind, ask: Ask, texts: dict[str, str]) -> None:
    """Print one line for each query: milliseconds of the three forms."""
    for title, text in texts.items():
        made: Forms = forms(view, ENGINEER, served_by(view.policies.sources[ORDERS], kind), text)
        taken = [median(ask, each) for each in (made.unfenced, made.fence_alone, made.fenced)]
        print(f"| {kind.value} | {title} | " + " | ".join(f"{ms:.1f}" for ms in taken) + " |", flush=True)


def median(ask: Ask, text: str) -> float:
    """Return the median time of a text, of fewer runs when it is slow."""
    taken, began = [], time.perf_counter()
    while len(taken) < RUNS and time.perf_counter() - began < SECONDS:
        start = time.perf_counter()
        ask(text)
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


if __name__ == "__main__":
    asyncio.run(main())
