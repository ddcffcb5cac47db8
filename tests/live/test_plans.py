"""Plans that check_query shows: of the guarded text, with tables and indexes, and nothing that rows decide."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.gateway.plans import NO_SERVER, NOT_TOLD
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.probe import Access
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind
from lucky_mcp.server.query_tools import explanation_text
from tests.live.conftest import Reader, Server
from tests.live.fleet import ENVIRONMENT
from tests.live.test_estimates import ANALYSED
from tests.support.house import ANALYST, ENGINEER, opened
from tests.support.reference import records, visible_rows

ORDER, ITEM = "luckyus_sales_order.t_sales_order_m", "luckyus_sales_order.t_order_item"
DAY = "SELECT order_no FROM t_sales_order_m WHERE order_time >= '2026-02-14' AND remark LIKE '%qwertz%'"
# What a server may look up while it plans: for a row that is hidden it must plan as for none.
BY_KEY = [
    "SELECT order_no FROM t_sales_order_m WHERE order_id = {0}",
    "SELECT order_no FROM t_sales_order_m WHERE order_id = {0} AND pay_amount > 1",
    "SELECT o.order_no FROM t_sales_order_m o JOIN t_order_item i ON i.order_id = o.order_id WHERE o.order_id = {0}",
    "SELECT i.quantity FROM t_order_item i LEFT JOIN t_sales_order_m o ON o.order_id = {0} AND o.shop_id = i.quantity",
    "SELECT i.quantity, (SELECT o.shop_id FROM t_sales_order_m o WHERE o.order_id = {0}) AS s FROM t_order_item i",
    "SELECT i.quantity FROM t_order_item i WHERE i.quantity = (SELECT o.shop_id FROM t_sales_order_m o WHERE o.order_id = {0})",
    "SELECT i.quantity FROM t_order_item i WHERE EXISTS (SELECT 1 FROM t_sales_order_m o WHERE o.order_id = {0})",
    "SELECT COUNT(*) AS n FROM (SELECT shop_id FROM t_sales_order_m WHERE order_id = {0}) t",
    "SELECT order_no FROM t_sales_order_m WHERE order_id IN ({0}, 1)",
    "SELECT order_no FROM t_sales_order_m WHERE order_id = {0} UNION ALL SELECT order_no FROM t_sales_order_m",
]  # fmt: skip


@pytest.fixture
def adapted(server: Server) -> Server:
    """The servers that are asked for plans; Redshift is not."""
    return server


@pytest.fixture
async def house(reader: Reader) -> AsyncIterator[Gateway]:
    reader.admin(ANALYSED[reader.kind])
    gateway = await opened(reader.policies, environment=ENVIRONMENT)
    yield gateway
    await gateway.close()


async def told(gateway: Gateway, sql: str, principal: Principal = ENGINEER) -> str:
    """The part of check_query's text that speaks of a plan; "" where none does."""
    request = SqlRead(source="salesorder", sql=sql)
    text = explanation_text(await gateway.explain(principal, request, with_plan=True))
    found = re.search(r"^(The server plans it|No plan).*", text, re.DOTALL | re.MULTILINE)
    return found[0] if found else ""


async def test_a_plan_shows_tables_indexes_and_sizes_alone(reader: Reader, house: Gateway) -> None:
    plan = await told(house, DAY)
    head, columns, *steps = plan.splitlines()
    assert (head, columns) == (
        "The server plans it as (rows of the whole table, a power of ten):",
        "table,access,index,rows_at_least",
    )
    accesses = "|".join(re.escape(access) for access in Access)
    for step in steps:
        assert re.fullmatch(rf'({ORDER}|another table)?,"?({accesses})"?,[\w, "]*,(0|10*)?', step), step
    assert any(step.startswith(ORDER) and step.endswith(",1000") for step in steps), plan
    assert "2026" not in plan and "qwertz" not in plan
    point = await told(house, f"SELECT order_no FROM t_sales_order_m WHERE order_id = {await first(house)}")
    assert str(Access.KEY if reader.kind is Kind.MYSQL else Access.RANGE) in point
    joined = await told(
        house, "SELECT COUNT(*) AS n FROM t_order_item i JOIN t_sales_order_m o USING (order_id)"
    )
    assert ITEM in joined and ORDER in joined


async def first(house: Gateway) -> object:
    sql = "SELECT MIN(order_id) AS m FROM t_sales_order_m"
    return (await house.read(ENGINEER, SqlRead(source="salesorder", sql=sql))).rows[0][0]


async def test_a_hidden_row_is_planned_like_no_row(house: Gateway, demo_fleet: Fleet) -> None:
    table = next(each for each in demo_fleet.tables if each.name == "t_sales_order_m")
    seen = {row["order_id"] for row in visible_rows(table, demo_fleet)}
    hidden = [row["order_id"] for row in records(table) if row["order_id"] not in seen][:3]
    assert len(hidden) == 3
    absent = max(row["order_id"] for row in records(table)) + 1  # type: ignore[operator]
    for shape in BY_KEY:
        expected = await told(house, shape.format(absent))
        assert expected.startswith("The server plans it"), shape
        for key in hidden:
            assert await told(house, shape.format(key)) == expected, shape


async def test_plans_are_for_roles_with_the_system_datasets(house: Gateway) -> None:
    assert await told(house, DAY, ANALYST) == ""


async def test_a_text_that_the_server_cannot_plan_has_none(house: Gateway) -> None:
    assert (
        await told(
            house, "SELECT i.order_no FROM t_order_item i JOIN t_sales_order_m o ON o.order_id = i.quantity"
        )
        == f"No plan: {NOT_TOLD}."
    )


async def test_an_embedded_source_has_no_plan(gateway: Gateway) -> None:
    assert await told(gateway, DAY) == f"No plan: {NO_SERVER}."
