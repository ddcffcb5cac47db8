"""aws-luckyus-salesorder-rw: orders and their lines, with the faults the order database has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.rates import EMPTY_SHOP_NAME
from lucky_mcp.demo.remarks import draw_remark
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-salesorder-rw"
_SCHEMA: Final = "luckyus_sales_order"
_ORDER_COLUMNS: Final = (
    Column(name="order_id", type="BIGINT", comment="Order key; VARCHAR in payment and device databases"),
    Column(name="order_no", type="VARCHAR", comment="Order number shown to the customer"),
    Column(name="user_no", type="VARCHAR", comment="Account that ordered"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="shop_name", type="VARCHAR", comment="Store name at the time; empty on some orders"),
    Column(name="order_status", type="INTEGER", comment="90 completed, 91 refunded, 99 cancelled"),
    Column(name="order_channel", type="VARCHAR", comment="pickup or delivery"),
    Column(name="currency_code", type="VARCHAR", comment="USD, or NZD at the Cook Islands test stores"),
    Column(name="total_amount", type="DECIMAL(12,2)", comment="Before discounts, in currency_code"),
    Column(name="discount_amount", type="DECIMAL(12,2)", comment="Coupons and promotions"),
    Column(name="pay_amount", type="DECIMAL(12,2)", comment="total_amount less discount_amount"),
    Column(name="tax_amount", type="DECIMAL(12,2)", comment="Never filled: the tax system is not in use"),
    Column(name="order_time", type="TIMESTAMP", comment="When the order was placed, New York time"),
    Column(name="remark", type="VARCHAR", comment="Free text of the customer"),
)
_ITEM_COLUMNS: Final = (
    Column(name="order_item_id", type="BIGINT", comment="Line key"),
    Column(name="order_id", type="BIGINT", comment="Order key: t_sales_order_m.order_id"),
    Column(name="spu_code", type="VARCHAR", comment="Product key"),
    Column(name="product_name", type="VARCHAR", comment="Product name at the time; some only in Chinese"),
    Column(name="quantity", type="INTEGER", comment="Pieces"),
    Column(name="unit_price", type="DECIMAL(10,2)", comment="List price of one piece"),
    Column(name="item_amount", type="DECIMAL(10,2)", comment="quantity times unit_price, before discounts"),
)
_FIRST_ITEM_ID: Final = 300_000_000_001


def _order_rows(world: World) -> Iterator[Row]:
    rng = world.random(_NAME)
    for order in world.orders:
        yield (
            order.order_id,
            order.order_no,
            order.customer.user_no,
            order.store.id,
            "" if rng.random() < EMPTY_SHOP_NAME else order.store.name,
            int(order.status),
            order.channel,
            order.store.currency_code,
            from_cents(order.total_cents),
            from_cents(order.discount_cents),
            from_cents(order.pay_cents),
            None,
            order.placed_at,
            draw_remark(rng),
        )


def _item_rows(world: World) -> Iterator[Row]:
    lines = ((order.order_id, line) for order in world.orders for line in order.lines)
    for item_id, (order_id, line) in enumerate(lines, start=_FIRST_ITEM_ID):
        yield (
            item_id,
            order_id,
            line.product.spu_code,
            line.product.shown_name,
            line.quantity,
            from_cents(line.unit_cents),
            from_cents(line.cents),
        )


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_sales_order_m",
            comment="Orders, one row each, test orders included",
            columns=_ORDER_COLUMNS,
            primary_key=("order_id",),
            rows=world.rows(_order_rows),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_order_item",
            comment="Order lines, one row for each product of an order; "
            "the market is known by the order only",
            columns=_ITEM_COLUMNS,
            primary_key=("order_item_id",),
            rows=world.rows(_item_rows),
        ),
    )


SALESORDER: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
