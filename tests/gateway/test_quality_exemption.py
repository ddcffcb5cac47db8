"""`system:quality` counts the rows that a contract hides, and sees none of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import AggregateOnly
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST, Clock, gateway_over, policies_over
from tests.support.policy_copies import policies_with
from tests.support.reference import ORDERS

QUALITY = Principal(subject="system:quality", roles=("system:quality",))
COUNTED = "SELECT COUNT(*) AS n, SUM(pay_amount) AS amount FROM t_sales_order_m WHERE currency_code = 'NZD'"
ROLE = """  system:quality:
    description: Counts what is wrong in the data
  system:reference:
"""
EXEMPTION = """    exemptions:
      - table: luckyus_sales_order.t_sales_order_m
        principals: ["system:quality"]
        why: counters of test orders
        expires: 2027-03-31
    via:
"""
GRANT = """grants:
  - {id: orders-counted, roles: ["system:quality"], why: counters of test orders}
"""
LISTED = [
    "SELECT currency_code FROM t_sales_order_m",
    "SELECT MAX(order_no) FROM t_sales_order_m",
    "SELECT currency_code, COUNT(*) FROM t_sales_order_m GROUP BY currency_code",
    "SELECT COUNT(*) FROM t_sales_order_m GROUP BY order_id",
    "SELECT COUNT(*) OVER () FROM t_sales_order_m",
    "SELECT COUNT(*) FROM t_sales_order_m UNION ALL SELECT order_id FROM t_sales_order_m",
    "SELECT (SELECT order_no FROM t_sales_order_m LIMIT 1)",
    "SELECT COUNT(*) + MIN(order_id) FROM t_sales_order_m",
]


@pytest.fixture(scope="module")
def folder(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("counting") / "policies"
    policies_with(
        project_root,
        made,
        ("roles.yaml", "  system:reference:\n", ROLE),
        ("contracts.yaml", "    via:\n", EXEMPTION),
        ("datasets/sales/orders.yaml", "grants:\n", GRANT),
    )
    return made


@pytest.fixture
async def gateway(folder: Path, demo_data: Path) -> AsyncIterator[Gateway]:
    clock = Clock(datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
    opened = gateway_over(policies_over(folder, demo_data), audit=MemorySink(), clock=clock)
    await refresh_references(opened, clock)
    yield opened
    await opened.close()


async def test_hidden_rows_are_counted(gateway: Gateway, demo_fleet: Fleet) -> None:
    orders = next(table for table in demo_fleet.tables if table.name == "t_sales_order_m")
    names = [column.name for column in orders.columns]
    hidden = sum(row[names.index("currency_code")] == "NZD" for row in orders.rows)
    ((counted, _),) = (await gateway.read(QUALITY, SqlRead(source=ORDERS, sql=COUNTED))).rows
    assert counted == hidden > 0
    ((seen, _),) = (await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=COUNTED))).rows
    assert seen == 0


@pytest.mark.parametrize("sql", LISTED)
async def test_hidden_rows_are_not_listed(gateway: Gateway, sql: str) -> None:
    with pytest.raises(AggregateOnly):
        await gateway.read(QUALITY, SqlRead(source=ORDERS, sql=sql))
