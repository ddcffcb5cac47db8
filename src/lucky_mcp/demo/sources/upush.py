"""aws-luckyus-upush-rw: text messages as they were sent, number and wording included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from lucky_mcp.demo.customers import Customer
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.rates import SMS_WITH_CONTACT
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-upush-rw"
_COLUMNS: Final = (
    Column(name="sms_id", type="BIGINT", comment="Message key"),
    Column(name="user_no", type="VARCHAR", comment="Account it was sent to"),
    Column(name="phone", type="VARCHAR", comment="Number it was sent to"),
    Column(name="country_code", type="VARCHAR", comment="Market of the account: US, or CK for test accounts"),
    Column(name="content", type="VARCHAR", comment="The text as sent; some repeat a number or an address"),
    Column(name="send_status", type="VARCHAR", comment="delivered or failed"),
    Column(name="send_time", type="TIMESTAMP", comment="When it was sent, New York time"),
)
_DELIVERED: Final = 0.94


def _rows(world: World) -> Iterator[Row]:
    rng = world.random("sms")
    closing = datetime.combine(world.end, time(21))
    reachable = (customer for customer in world.customers if customer.phone)
    for number, customer in enumerate(reachable, start=1):
        at = customer.registered_at + rng.random() * max(closing - customer.registered_at, timedelta())
        status = "delivered" if rng.random() < _DELIVERED else "failed"
        yield (
            number,
            customer.user_no,
            customer.phone,
            customer.country_code,
            _content(rng, customer),
            status,
            at.replace(microsecond=0),
        )


def _content(rng: Random, customer: Customer) -> str:
    if rng.random() < SMS_WITH_CONTACT:
        contact = customer.email or customer.phone
        return f"Lucky: receipts now go to {contact}. Reply STOP to end."
    if rng.random() < 0.4:
        return f"Lucky: your code is {rng.randrange(1_000_000):06d}. It is valid for 5 minutes."
    return rng.choice(
        (
            "Lucky: 50% off your second cup this week. Reply STOP to end.",
            "Lucky: your order is ready for pickup.",
            "Lucky: a new store opens near you on Thursday.",
        )
    )


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_upush",
            name="t_sms_record",
            comment="Text messages to accounts, with the numbers they went to",
            columns=_COLUMNS,
            primary_key=("sms_id",),
            rows=world.rows(_rows),
        ),
    )


UPUSH: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
