"""redshift: the warehouse: staged orders, ten facts, ten dimensions, and the departments' views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.warehouse.calendar import calendar_tables
from lucky_mcp.demo.warehouse.customers import customer_table
from lucky_mcp.demo.warehouse.dimensions import dimension_tables
from lucky_mcp.demo.warehouse.keys import SOURCE, loaded_at
from lucky_mcp.demo.warehouse.marketing_facts import marketing_facts
from lucky_mcp.demo.warehouse.marts import MARTS
from lucky_mcp.demo.warehouse.order_facts import order_facts
from lucky_mcp.demo.warehouse.supply_facts import supply_facts
from lucky_mcp.demo.world import World

_STAGE_COLUMNS: Final = (
    Column(name="order_id", type="BIGINT", comment="Order key: t_sales_order_m.order_id"),
    Column(name="order_no", type="VARCHAR", comment="Order number shown to the customer"),
    Column(name="user_no", type="VARCHAR", comment="Account that ordered"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="order_status", type="INTEGER", comment="90 completed, 91 refunded, 99 cancelled"),
    Column(name="currency_code", type="VARCHAR", comment="USD, or NZD at the Cook Islands test stores"),
    Column(name="pay_amount", type="DECIMAL(12,2)", comment="In currency_code"),
    Column(name="order_time", type="TIMESTAMP", comment="When the order was placed, New York time"),
    Column(name="etl_loaded_at", type="TIMESTAMP", comment="When the row was loaded"),
)


def _staged_rows(world: World) -> Iterator[Row]:
    for order in world.orders:
        yield (
            order.order_id,
            order.order_no,
            order.customer.user_no,
            order.store.id,
            int(order.status),
            order.store.currency_code,
            from_cents(order.pay_cents),
            order.placed_at,
            loaded_at(order.placed_at),
        )


def _tables(world: World) -> tuple[Table, ...]:
    staged = Table(
        source=SOURCE,
        schema="raw_schema",
        name="sales_order_stage",
        comment="Orders as they come from the order database, before the nightly load",
        columns=_STAGE_COLUMNS,
        primary_key=("order_id",),
        rows=world.rows(_staged_rows),
    )
    return (
        staged,
        *calendar_tables(),
        customer_table(world),
        *dimension_tables(world),
        *order_facts(world),
        *supply_facts(world),
        *marketing_facts(world),
    )


REDSHIFT: Final = DemoSource(name=SOURCE, dialect="redshift", tables=_tables, views=MARTS)
