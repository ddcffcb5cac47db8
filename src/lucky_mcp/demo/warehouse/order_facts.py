"""The facts of selling: orders, their lines, payments and the making of drinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.goods import GOODS_OF_PRODUCT
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.payments import trades
from lucky_mcp.demo.production import productions
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.warehouse.keys import (
    CHANNELS,
    CUSTOMER_KEY,
    DATE_KEY,
    ORDER_KEY,
    PRODUCT_KEY,
    STORE_KEY,
    STORE_KEYS,
    customer_key,
    date_key,
    dwh_table,
    loaded_at,
    order_key,
    time_key,
)
from lucky_mcp.demo.world import World

_ORDER_COLUMNS: Final = (
    Column(name="order_key", type="BIGINT", comment="Order key of the warehouse"),
    Column(name="order_id", type="VARCHAR", comment="Order key of the order database, as text"),
    Column(name="order_no", type="VARCHAR", comment="Order number shown to the customer"),
    CUSTOMER_KEY,
    STORE_KEY,
    DATE_KEY,
    Column(name="time_key", type="INTEGER", comment="dim_time, HHMM"),
    Column(name="channel_key", type="BIGINT", comment="dim_channel"),
    Column(name="order_status", type="INTEGER", comment="90 completed, 91 refunded, 99 cancelled"),
    Column(name="item_count", type="INTEGER", comment="Pieces in the order"),
    Column(name="gross_amount", type="DECIMAL(12,2)", comment="Before discounts"),
    Column(name="discount_amount", type="DECIMAL(12,2)", comment="Coupons and promotions"),
    Column(name="net_amount", type="DECIMAL(12,2)", comment="Amount charged"),
    Column(name="tax_amount", type="DECIMAL(12,2)", comment="Never filled: the tax system is not in use"),
    Column(name="is_nzd_test", type="BOOLEAN", comment="TRUE for NZD orders of the Cook Islands test stores"),
    Column(name="etl_loaded_at", type="TIMESTAMP", comment="When the row was loaded"),
)
_ITEM_COLUMNS: Final = (
    Column(name="order_item_key", type="BIGINT", comment="Line key of the warehouse"),
    ORDER_KEY,
    PRODUCT_KEY,
    Column(name="quantity", type="INTEGER", comment="Pieces"),
    Column(name="unit_price", type="DECIMAL(10,2)", comment="List price of one piece"),
    Column(name="item_amount", type="DECIMAL(10,2)", comment="Line total before discounts"),
)
_PAYMENT_COLUMNS: Final = (
    Column(name="payment_key", type="BIGINT", comment="Payment key of the warehouse"),
    Column(name="trade_no", type="VARCHAR", comment="Trade key of the payment database"),
    ORDER_KEY,
    CUSTOMER_KEY,
    Column(name="payment_method", type="VARCHAR", comment="card, wallet or stored_value"),
    Column(name="payment_amount", type="DECIMAL(12,2)", comment="Amount; positive for refunds too"),
    Column(name="fee_amount", type="DECIMAL(10,2)", comment="Processing fee"),
    Column(name="payment_status", type="VARCHAR", comment="success, failed or refund"),
    Column(name="payment_timestamp", type="TIMESTAMP", comment="When the trade was made"),
)
_PRODUCTION_COLUMNS: Final = (
    Column(name="production_key", type="BIGINT", comment="Production key of the warehouse"),
    ORDER_KEY,
    STORE_KEY,
    PRODUCT_KEY,
    Column(name="start_time", type="TIMESTAMP", comment="Begin"),
    Column(name="end_time", type="TIMESTAMP", comment="End"),
    Column(name="duration_seconds", type="INTEGER", comment="Seconds from begin to end"),
    Column(name="barista_id", type="VARCHAR", comment="Staff key of the other databases"),
)


def order_facts(world: World) -> tuple[Table, ...]:
    """Return fact_orders, fact_order_items, fact_payments and fact_productions."""
    return (
        dwh_table("fact_orders", "Orders, test orders included", _ORDER_COLUMNS, world.rows(_orders)),
        dwh_table("fact_order_items", "Order lines", _ITEM_COLUMNS, world.rows(_items)),
        dwh_table("fact_payments", "Payment transactions", _PAYMENT_COLUMNS, world.rows(_payments)),
        dwh_table("fact_productions", "Drinks made", _PRODUCTION_COLUMNS, world.rows(_productions)),
    )


def _orders(world: World) -> Iterator[Row]:
    for order in world.orders:
        yield (
            order_key(order),
            str(order.order_id),
            order.order_no,
            customer_key(order.customer),
            STORE_KEYS[order.store.id],
            date_key(order.placed_at),
            time_key(order.placed_at),
            CHANNELS.index(order.channel) + 1,
            int(order.status),
            sum(line.quantity for line in order.lines),
            from_cents(order.total_cents),
            from_cents(order.discount_cents),
            from_cents(order.pay_cents),
            None,
            order.store.currency_code == "NZD",
            loaded_at(order.placed_at),
        )


def _items(world: World) -> Iterator[Row]:
    lines = ((order, line) for order in world.orders for line in order.lines)
    for number, (order, line) in enumerate(lines, start=1):
        yield (
            number,
            order_key(order),
            GOODS_OF_PRODUCT[line.product.spu_code].number,
            line.quantity,
            from_cents(line.unit_cents),
            from_cents(line.cents),
        )


def _payments(world: World) -> Iterator[Row]:
    for number, trade in enumerate(world.each(trades), start=1):
        yield (
            number,
            trade.trade_no,
            order_key(trade.order),
            customer_key(trade.order.customer),
            trade.channel.method,
            from_cents(trade.cents),
            from_cents(trade.fee_cents),
            str(trade.status),
            trade.at,
        )


def _productions(world: World) -> Iterator[Row]:
    for made in world.each(productions):
        yield (
            made.number + 1,
            order_key(made.order),
            STORE_KEYS[made.order.store.id],
            GOODS_OF_PRODUCT[made.product.spu_code].number,
            made.start,
            made.end,
            made.seconds,
            made.barista.employee_id,
        )
