"""aws-luckyus-salesmarketing-rw: coupons, nearly all expired, their templates, and experiments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.coupon_templates import ALL_TEMPLATES
from lucky_mcp.demo.coupons import coupons
from lucky_mcp.demo.experiments import assignments
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-salesmarketing-rw"
_SCHEMA: Final = "luckyus_sales_marketing"
_RECORD_COLUMNS: Final = (
    Column(name="coupon_id", type="BIGINT", comment="Coupon key"),
    Column(name="template_id", type="INTEGER", comment="t_coupon_template.template_id"),
    Column(name="user_no", type="VARCHAR", comment="Account that holds it"),
    Column(name="coupon_status", type="VARCHAR", comment="active, redeemed or expired"),
    Column(name="receive_time", type="TIMESTAMP", comment="When the account got it"),
    Column(name="expire_time", type="TIMESTAMP", comment="End of its seven days"),
    Column(name="redeem_time", type="TIMESTAMP", comment="NULL unless redeemed"),
    Column(name="order_id", type="BIGINT", comment="The order it lowered, NULL unless redeemed"),
    Column(name="discount_amount", type="DECIMAL(10,2)", comment="What it took off, NULL unless redeemed"),
)
_TEMPLATE_COLUMNS: Final = (
    Column(name="template_id", type="INTEGER", comment="Template key"),
    Column(name="template_name", type="VARCHAR", comment="Name; those of testers begin with IQA2"),
    Column(name="audience", type="VARCHAR", comment="customer, student or test"),
    Column(name="discount_percent", type="INTEGER", comment="Share of the list price it takes off"),
)
_TEST_COLUMNS: Final = (
    Column(name="record_id", type="BIGINT", comment="Assignment key"),
    Column(name="experiment_id", type="VARCHAR", comment="EXP001 to EXP077"),
    Column(name="user_no", type="VARCHAR", comment="Account that took part"),
    Column(name="variant", type="VARCHAR", comment="control or treatment"),
    Column(name="metric_name", type="VARCHAR", comment="What was measured"),
    Column(name="metric_value", type="DECIMAL(12,4)", comment="The measurement"),
    Column(name="assigned_time", type="TIMESTAMP", comment="When the account was assigned"),
)


def _coupon_rows(world: World) -> Iterator[Row]:
    for coupon in world.each(coupons):
        yield (
            coupon.number,
            coupon.template.template_id,
            coupon.customer.user_no,
            str(coupon.status),
            coupon.received_at,
            coupon.expires_at,
            coupon.redeemed_at,
            coupon.order.order_id if coupon.order else None,
            from_cents(coupon.order.discount_cents) if coupon.order else None,
        )


def _test_rows(world: World) -> Iterator[Row]:
    for part in world.each(assignments):
        yield (
            part.number,
            part.experiment_id,
            part.customer.user_no,
            part.variant,
            part.metric_name,
            part.metric_value,
            part.assigned_at,
        )


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_coupon_record",
            comment="Coupons of accounts, 94 % of them expired; no row has a market",
            columns=_RECORD_COLUMNS,
            primary_key=("coupon_id",),
            rows=world.rows(_coupon_rows),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_coupon_template",
            comment="Coupon templates, those of testers included",
            columns=_TEMPLATE_COLUMNS,
            primary_key=("template_id",),
            rows=tuple((each.template_id, each.name, each.audience, each.share) for each in ALL_TEMPLATES),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_ab_test_record",
            comment="Accounts' parts in experiments; no row has a market",
            columns=_TEST_COLUMNS,
            primary_key=("record_id",),
            rows=world.rows(_test_rows),
        ),
    )


SALESMARKETING: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
