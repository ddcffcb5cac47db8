"""On real servers: behind the fence a lookup still reads through the index, and without the copies it would not."""

from __future__ import annotations

import pytest

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.model.source import Kind
from tests.live.conftest import SCHEMAS, Server
from tests.live.forms import forms
from tests.support.house import ENGINEER
from tests.support.reference import ORDERS

LOOKUPS = (
    "SELECT * FROM t_sales_order_m WHERE order_id = {order}",
    "SELECT * FROM t_order_item WHERE order_id = {order}",
    "SELECT order_no FROM t_sales_order_m WHERE order_id IN ({order}, 5)",
    "SELECT order_no FROM t_sales_order_m o WHERE {order} = o.order_id AND EXP(o.pay_amount) > 0",
    "SELECT o.order_no, i.quantity FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id"
    " WHERE o.order_id = {order}",
    "SELECT o.order_no, i.quantity FROM t_sales_order_m o LEFT JOIN t_order_item i ON i.order_id = o.order_id"
    " WHERE o.order_id = {order}",
    "WITH picked AS (SELECT * FROM t_sales_order_m WHERE order_id BETWEEN {order} AND {order}) SELECT * FROM picked",
)


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_lookup_reads_through_the_index(server: Server, demo_fleet: Fleet, lookup: str) -> None:
    tables = [table for table in demo_fleet.tables if table.source == ORDERS]
    server.load(tables)
    text = lookup.format(order=tables[0].rows[700][0])
    made = forms(server.view, ENGINEER, server.source(ORDERS), text)
    assert whole_tables_read(server, made.fenced) == 0
    assert whole_tables_read(server, made.fence_alone) > 0


def whole_tables_read(server: Server, text: str) -> int:
    """Return how many base tables the plan reads from one end to the other."""
    plan = server.ask(SCHEMAS[ORDERS], f"EXPLAIN {text}")
    assert not isinstance(plan, str)
    if server.kind is Kind.POSTGRES:
        return sum("Seq Scan" in str(line[0]) for line in plan)
    # Columns: id, select_type, table, type, …; what is in angle brackets is the guard's own result.
    return sum(row[3] in {"ALL", "index"} and not str(row[2]).startswith("<") for row in plan)
