"""The facts of marketing: coupons, what accounts did, and experiments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.coupons import coupons
from lucky_mcp.demo.experiments import assignments
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.user_states import UserState, state_records
from lucky_mcp.demo.warehouse.keys import CUSTOMER_KEY, TEMPLATE_KEYS, customer_key, dwh_table, order_key
from lucky_mcp.demo.world import World

_COUPON_COLUMNS: Final = (
    Column(name="coupon_key", type="BIGINT", comment="Coupon key of the warehouse"),
    Column(name="coupon_template_key", type="BIGINT", comment="dim_coupon_template"),
    CUSTOMER_KEY,
    Column(name="order_key", type="BIGINT", comment="fact_orders, NULL unless redeemed"),
    Column(name="distributed_at", type="TIMESTAMP", comment="When the account got it"),
    Column(name="redeemed_at", type="TIMESTAMP", comment="NULL unless redeemed"),
    Column(name="expired_at", type="TIMESTAMP", comment="End of its seven days"),
    Column(name="discount_amount", type="DECIMAL(10,2)", comment="What it took off, NULL unless redeemed"),
    Column(name="status", type="VARCHAR", comment="active, redeemed or expired"),
)
_EVENT_COLUMNS: Final = (
    Column(name="user_event_key", type="BIGINT", comment="Event key of the warehouse"),
    CUSTOMER_KEY,
    Column(name="event_type", type="VARCHAR", comment="login, browse, order or coupon_view"),
    Column(name="event_timestamp", type="TIMESTAMP", comment="When it happened"),
    Column(name="event_properties", type="JSON", comment="Tags of the account at the time"),
)
_EXPERIMENT_COLUMNS: Final = (
    Column(name="experiment_key", type="BIGINT", comment="Assignment key of the warehouse"),
    Column(name="experiment_id", type="VARCHAR", comment="EXP001 to EXP077"),
    CUSTOMER_KEY,
    Column(name="variant", type="VARCHAR", comment="control or treatment"),
    Column(name="metric_name", type="VARCHAR", comment="What was measured"),
    Column(name="metric_value", type="DECIMAL(12,4)", comment="The measurement"),
    Column(name="assigned_at", type="TIMESTAMP", comment="When the account was assigned"),
)
_EVENT_OF_STATE: Final = {
    UserState.NEW: "login",
    UserState.ACTIVE: "order",
    UserState.AT_RISK: "browse",
    UserState.LAPSED: "coupon_view",
}


def marketing_facts(world: World) -> tuple[Table, ...]:
    """Return fact_coupon_usage, fact_user_events and fact_experiments."""
    return (
        dwh_table("fact_coupon_usage", "Coupons, nearly all expired", _COUPON_COLUMNS, world.rows(_coupons)),
        dwh_table("fact_user_events", "What accounts did", _EVENT_COLUMNS, world.rows(_events)),
        dwh_table("fact_experiments", "Parts in experiments", _EXPERIMENT_COLUMNS, world.rows(_experiments)),
    )


def _coupons(world: World) -> Iterator[Row]:
    for coupon in world.each(coupons):
        yield (
            coupon.number,
            TEMPLATE_KEYS[coupon.template.template_id],
            customer_key(coupon.customer),
            order_key(coupon.order) if coupon.order else None,
            coupon.received_at,
            coupon.redeemed_at,
            coupon.expires_at,
            from_cents(coupon.order.discount_cents) if coupon.order else None,
            str(coupon.status),
        )


def _events(world: World) -> Iterator[Row]:
    for record in world.each(state_records):
        event_type = _EVENT_OF_STATE[record.state]
        yield (record.number, customer_key(record.customer), event_type, record.at, record.tags)


def _experiments(world: World) -> Iterator[Row]:
    for part in world.each(assignments):
        yield (
            part.number,
            part.experiment_id,
            customer_key(part.customer),
            part.variant,
            part.metric_name,
            part.metric_value,
            part.assigned_at,
        )
