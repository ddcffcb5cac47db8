"""On real servers: a guarded lookup reads through the index that the same query uses without a guard."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pytest

from lucky_mcp.demo.tables import Fleet, Table
from lucky_mcp.model.source import Kind
from tests.live.conftest import FAILED, SCHEMAS, Server
from tests.live.forms import Forms, forms
from tests.support import mysql_server
from tests.support.house import ENGINEER
from tests.support.reference import ORDERS

# Of each the last may fail on some row, so it runs behind the fence, with copies of what cannot.
LOOKUPS = {
    "point": (
        "SELECT * FROM t_sales_order_m WHERE order_id = {order}",
        "SELECT * FROM t_order_item WHERE order_id = {order}",
        "SELECT order_no FROM t_sales_order_m WHERE order_id IN ({order}, 5)",
        "WITH picked AS (SELECT * FROM t_sales_order_m WHERE order_id BETWEEN {order} AND {order}) SELECT * FROM picked",
        "SELECT order_no FROM t_sales_order_m o WHERE {order} = o.order_id AND EXP(o.pay_amount) > 0",
    ),
    "range": (
        "SELECT order_no FROM t_sales_order_m WHERE order_time >= '{day} 09:00:00' AND order_time < '{day} 09:30:00'",
        "SELECT shop_id, COUNT(*) AS n FROM t_sales_order_m WHERE order_time BETWEEN '{day} 09:00:00'"
        " AND '{day} 09:20:00' GROUP BY shop_id",
        "SELECT remark FROM t_sales_order_m WHERE order_time >= '{day} 09:00:00' AND order_time < '{day} 09:20:00'"
        " AND EXP(pay_amount) > 0",
    ),
    "join": (
        "SELECT o.order_no, i.quantity FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id"
        " WHERE o.order_id = {order}",
        "SELECT o.order_no, i.quantity FROM t_sales_order_m o LEFT JOIN t_order_item i ON i.order_id = o.order_id"
        " WHERE o.order_id = {order}",
        "SELECT o.order_no, i.quantity FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id"
        " WHERE o.order_time >= '{day} 09:00:00' AND o.order_time < '{day} 09:01:00'",
        "SELECT o.remark, i.quantity FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id"
        " WHERE o.order_id = {order} AND EXP(i.unit_price) > 0",
    ),
    "exists": (
        "SELECT o.order_no FROM t_sales_order_m o WHERE o.order_id = {order}"
        " AND EXISTS (SELECT 1 FROM t_order_item i WHERE i.order_id = o.order_id AND i.quantity > 0)",
        "SELECT COUNT(*) AS n FROM t_sales_order_m o WHERE o.order_time >= '{day} 09:00:00'"
        " AND o.order_time < '{day} 09:10:00'"
        " AND EXISTS (SELECT 1 FROM t_order_item i WHERE i.order_id = o.order_id)",
        "SELECT o.order_no FROM t_sales_order_m o WHERE o.order_id = {order} AND EXP(o.pay_amount) > 0"
        " AND EXISTS (SELECT 1 FROM t_order_item i WHERE i.order_id = o.order_id AND i.quantity > 0)",
    ),
}
CASES = [
    pytest.param(text, id=f"{shape}-{n}") for shape, texts in LOOKUPS.items() for n, text in enumerate(texts)
]


@pytest.fixture
def tables(server: Server, demo_fleet: Fleet) -> Sequence[Table]:
    """The demo's orders, on the server."""
    found = [table for table in demo_fleet.tables if table.source == ORDERS]
    server.load(found)
    return found


def made(server: Server, tables: Sequence[Table], lookup: str) -> tuple[str, Forms]:
    orders = tables[0]
    place = next(n for n, column in enumerate(orders.columns) if column.name == "order_time")
    row = orders.rows[700]
    text = lookup.format(order=row[0], day=f"{row[place]:%Y-%m-%d}")
    return text, forms(server.view, ENGINEER, server.source(ORDERS), text)


@pytest.mark.parametrize("lookup", CASES)
def test_a_guarded_lookup_uses_the_index_of_the_plain_one(
    server: Server, tables: Sequence[Table], lookup: str
) -> None:
    text, guarded = made(server, tables, lookup)
    plain, sent = indexes(server, text), indexes(server, guarded.sent)
    assert not plain[""], "the plain query reads a whole table: nothing is shown"
    assert not sent[""], "the guarded query reads a whole table"
    assert not plain - sent  # besides, the guard looks the parents of items up by their key


@pytest.mark.parametrize("lookup", [LOOKUPS["point"][0], LOOKUPS["join"][3]])
def test_without_the_copies_the_fence_would_cost_the_index(
    server: Server, tables: Sequence[Table], lookup: str
) -> None:
    """Else the test above would show nothing."""
    assert indexes(server, made(server, tables, lookup)[1].fence_alone)[""]


def indexes(server: Server, text: str) -> Counter[str]:
    """Return how often a plan reads through each index; under "" how many tables from one end to the other."""
    if server.kind is Kind.POSTGRES:
        plan = server.ask(SCHEMAS[ORDERS], f"EXPLAIN (FORMAT JSON) {text}")
        assert not isinstance(plan, str)
        return Counter(postgres_indexes(plan[0][0]))
    if mysql_server.is_chosen():
        assert server.ask(SCHEMAS[ORDERS], "SET explain_json_format_version = 1") != FAILED
    plan = server.ask(SCHEMAS[ORDERS], f"EXPLAIN FORMAT=JSON {text}")
    assert not isinstance(plan, str)
    return Counter(mariadb_indexes(json.loads(str(plan[0][0]))))


def postgres_indexes(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from postgres_indexes(each)
    elif isinstance(node, Mapping):
        if "Index Name" in node:
            yield str(node["Index Name"])
        elif "Seq Scan" in str(node.get("Node Type", "")):
            yield ""
        for each in node.values():
            yield from postgres_indexes(each)


def mariadb_indexes(node: object) -> Iterator[str]:
    """What is in angle brackets, or made from a subquery, is the guard's own result and not a table."""
    if isinstance(node, list):
        for each in node:
            yield from mariadb_indexes(each)
    elif isinstance(node, Mapping):
        is_made = "materialized_from_subquery" in node or str(node.get("table_name", "")).startswith("<")
        if "table_name" in node and not is_made:
            yield "" if node.get("access_type") in {"ALL", "index"} else str(node.get("key", "const"))
        for each in node.values():
            yield from mariadb_indexes(each)
