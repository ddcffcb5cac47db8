"""How many rows are hidden must not decide by which plan a query runs: one plan may fail where another answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.model.request import SqlRead
from tests.support.generator_fleet import ORDER_TABLE, split_rows, with_rows
from tests.support.house import ANALYST, opened, policies_over
from tests.support.reference import ORDERS

FEW, MANY = 0, 20_000
ERRORS = (
    "SELECT COUNT(*) FROM t_order_item AS i, t_sales_order_m AS a, (SELECT 1 AS k UNION ALL SELECT 2) AS v "
    "WHERE a.order_id = i.order_id AND CAST(CONCAT('9', a.shop_name, i.quantity) AS SIGNED) > 0 AND v.k = i.quantity + 1000",
    "SELECT COUNT(*) FROM t_sales_order_m AS a, t_order_item AS i, (SELECT DISTINCT quantity + 1000 AS k FROM t_order_item) AS v "
    "WHERE a.order_id = i.order_id AND CAST(CONCAT('9', a.shop_name, i.quantity) AS SIGNED) > 0 AND v.k = i.quantity",
)
FIRST_ROWS = (
    "SELECT i.order_item_id, a.order_id FROM t_order_item AS i CROSS JOIN t_sales_order_m AS a LIMIT 2",
    "SELECT i.order_item_id, a.order_id FROM t_order_item AS i JOIN t_sales_order_m AS a ON i.quantity + 89 = a.order_status LIMIT 2",
)


def padded(fleet: Fleet, count: int) -> Fleet:
    """Return the fleet with that many hidden orders and no other change."""
    tables = []
    for table in fleet.tables:
        if table.name == ORDER_TABLE:
            visible, hidden = split_rows(fleet, table.name)
            new = [
                {**hidden[n % len(hidden)], "order_id": 9 * 10**11 + n, "currency_code": "NZD"}
                for n in range(count)
            ]
            table = with_rows(table, [*visible, *new])
        tables.append(table)
    return replace(fleet, tables=tuple(tables))


@pytest.fixture(scope="module")
def folders(sharp_fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """The same visible rows among few hidden ones, and among many."""
    made = []
    for count in (FEW, MANY):
        made.append(tmp_path_factory.mktemp(f"hidden-{count}"))
        write_fleet(padded(sharp_fleet, count), made[-1], dialects=DIALECTS)
    yield made


async def outcomes(folders: list[Path], policies: Path, sql: str) -> list[str]:
    """Return what the analyst is told over each folder."""
    told = []
    for folder in folders:
        gateway = await opened(policies_over(policies, folder))
        try:
            told.append(str((await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql))).rows))
        except ReadError as error:
            told.append(error.agent_text)
        await gateway.close()
    return told


@pytest.mark.parametrize("sql", ERRORS)
async def test_an_error_does_not_tell_how_many_rows_are_hidden(
    folders: list[Path], project_root: Path, sql: str
) -> None:
    few, many = await outcomes(folders, project_root / "policies", sql)
    assert few == many


@pytest.mark.parametrize("sql", FIRST_ROWS)
async def test_first_rows_do_not_tell_how_many_rows_are_hidden(
    folders: list[Path], project_root: Path, sql: str
) -> None:
    few, many = await outcomes(folders, project_root / "policies", sql)
    assert few == many
