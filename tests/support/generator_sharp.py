"""The fleet of generated queries: few rows of each source, those of the warehouse as far as its views read them.

Below a view, hidden rows stand in the groups of visible ones and would change sums if they were read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.sources.opshop import OPSHOP
from lucky_mcp.demo.sources.pgilkmap import PGILKMAP
from lucky_mcp.demo.sources.redshift import REDSHIFT
from lucky_mcp.demo.sources.salescrm import SALESCRM
from lucky_mcp.demo.sources.salesorder import SALESORDER
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.demo.warehouse.keys import SOURCE as WAREHOUSE
from tests.support.generator_fleet import small_fleet, split_rows, with_rows
from tests.support.reference import Row, records

STORES, DAYS, PRODUCTS, CUSTOMERS = "dim_store", "dim_date", "dim_product", "dim_customer"
ORDERS, ITEMS = "fact_orders", "fact_order_items"
BELOW = (STORES, DAYS, PRODUCTS, CUSTOMERS, ORDERS, ITEMS)
VISIBLE_ORDERS, HIDDEN_ORDERS, VISIBLE_CUSTOMERS, HIDDEN_CUSTOMERS = 22, 8, 16, 8
HUGE = Decimal("8000000.25")


def sharp_fleet() -> Fleet:
    """Return the small fleet of the five sources that queries are generated over."""
    sources = (OPSHOP, PGILKMAP, SALESCRM, SALESORDER, REDSHIFT)
    whole = generate(seed=7, end=date(2026, 2, 14), scale="tiny", sources=sources)
    return _with_few_warehouse_rows(small_fleet(whole))


def _with_few_warehouse_rows(fleet: Fleet) -> Fleet:
    """Return the fleet with the tables that the views read, cut and made sharp, and none other of the warehouse."""
    orders = _orders(fleet)
    items = _items(fleet, {row["order_key"] for row in orders})
    kept = {ORDERS: orders, ITEMS: items, CUSTOMERS: _customers(fleet), STORES: _stores(fleet)}
    kept[DAYS] = _some(fleet, DAYS, "date_key", {row["date_key"] for row in orders})
    kept[PRODUCTS] = _some(fleet, PRODUCTS, "product_key", {row["product_key"] for row in items})
    return replace(
        fleet,
        tables=tuple(
            with_rows(table, kept[table.name]) if table.source == WAREHOUSE else table
            for table in fleet.tables
            if table.source != WAREHOUSE or table.name in BELOW
        ),
    )


def _orders(fleet: Fleet) -> list[Row]:
    visible, hidden = split_rows(fleet, ORDERS)
    tests = [row for row in hidden if row["is_nzd_test"] is False]
    foreign = [row for row in hidden if row["is_nzd_test"] is True]
    odd = [{"is_nzd_test": True}, {"is_nzd_test": None}, {"store_key": None}] * 3
    last = max(int(str(row["order_key"])) for row in (*visible, *hidden))
    kept = [{**row, "order_status": 90} for row in visible[:VISIBLE_ORDERS]]
    kept += [_sharp_order(row) for row in (*tests[: HIDDEN_ORDERS // 2], *foreign[: HIDDEN_ORDERS // 2])]
    kept += [
        {**_sharp_order(visible[n]), **change, "order_key": last + 1 + n} for n, change in enumerate(odd)
    ]
    return kept


def _sharp_order(row: Row) -> Row:
    return {**row, "order_status": 90, "net_amount": HUGE, "item_count": 0}


def _items(fleet: Fleet, orders: set[object]) -> list[Row]:
    """Hidden orders in the groups of visible ones have items of the same products."""
    rows = [row for row in records(fleet.table(WAREHOUSE, "dwh_schema", ITEMS)) if row["order_key"] in orders]
    added = sorted(orders - {row["order_key"] for row in rows}, key=str)
    last = max(int(str(row["order_item_key"])) for row in rows)
    return rows + [
        {**rows[n % len(rows)], "order_key": key, "order_item_key": last + 1 + n, "item_amount": HUGE}
        for n, key in enumerate(added)
    ]


def _customers(fleet: Fleet) -> list[Row]:
    visible, hidden = split_rows(fleet, CUSTOMERS)
    sharp = [{**row, "total_spend": HUGE, "total_orders": 0} for row in hidden[:HIDDEN_CUSTOMERS]]
    return [*visible[:VISIBLE_CUSTOMERS], *sharp]


def _stores(fleet: Fleet) -> list[Row]:
    """Names of visible stores cast to numbers, and no others do."""
    visible, hidden = split_rows(fleet, STORES)
    return [*({**row, "store_name": str(5 + n % 7)} for n, row in enumerate(visible)), *hidden]


def _some(fleet: Fleet, name: str, key: str, wanted: set[object]) -> list[Row]:
    rows = records(fleet.table(WAREHOUSE, "dwh_schema", name))
    return [row for row in rows if row[key] in wanted] + [row for row in rows if row[key] not in wanted][:2]
