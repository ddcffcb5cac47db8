"""dim_customer: accounts without personal data, with what their orders say about them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.orders import OrderStatus
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.warehouse.keys import customer_key, dwh_table
from lucky_mcp.demo.world import World

_COLUMNS: Final = (
    Column(name="customer_key", type="BIGINT", comment="Account key of the warehouse"),
    Column(name="user_no", type="VARCHAR", comment="Account key of the other databases"),
    Column(name="country_code", type="VARCHAR", comment="Market of the account: US, or CK for test accounts"),
    Column(name="registration_date", type="DATE", comment="First registration"),
    Column(name="first_order_date", type="DATE", comment="First purchase, NULL without one"),
    Column(name="last_order_date", type="DATE", comment="Latest purchase, NULL without one"),
    Column(name="total_orders", type="INTEGER", comment="Completed orders"),
    Column(name="total_spend", type="DECIMAL(12,2)", comment="What they paid, currencies added up as if one"),
    Column(name="rfm_recency_score", type="INTEGER", comment="1 to 5, 5 is best"),
    Column(name="rfm_frequency_score", type="INTEGER", comment="1 to 5, 5 is best"),
    Column(name="rfm_monetary_score", type="INTEGER", comment="1 to 5, 5 is best"),
    Column(name="churn_risk_score", type="DECIMAL(5,2)", comment="0 to 100"),
    Column(name="clv_predicted", type="DECIMAL(12,2)", comment="Predicted value of the next twelve months"),
    Column(name="segment", type="VARCHAR", comment="VIP, Growth, Maintain, At-Risk or Lapsed"),
    Column(name="phone_hash", type="VARCHAR", comment="SHA-256 of the number's digits, NULL without one"),
)
_RECENCY_DAYS: Final = (3, 10, 20, 45)
_FREQUENCY: Final = (2, 4, 8, 16)
_SPEND_CENTS: Final = (1_000, 3_000, 6_000, 12_000)
_SEGMENTS: Final = ((13, "VIP"), (11, "Growth"), (8, "Maintain"), (5, "At-Risk"), (0, "Lapsed"))


@dataclass(slots=True)
class _History:
    first: date
    last: date
    orders: int = 0
    cents: int = 0


def customer_table(world: World) -> Table:
    """Return dim_customer."""
    return dwh_table(
        "dim_customer", "Accounts, test accounts of the Cook Islands included", _COLUMNS, world.rows(_rows)
    )


def phone_hash(phone: str | None) -> str | None:
    """Return what the warehouse holds instead of a number."""
    digits = re.sub(r"\D", "", phone or "")
    return hashlib.sha256(digits.encode()).hexdigest() if digits else None


def _rows(world: World) -> Iterator[Row]:
    rng = world.random("dim_customer")
    histories = _histories(world)
    for customer in world.customers:
        history = histories.get(customer.user_no)
        scores = _scores(history, world.end)
        yield (
            customer_key(customer),
            customer.user_no,
            customer.country_code,
            customer.registered_at.date(),
            history.first if history else None,
            history.last if history else None,
            history.orders if history else 0,
            from_cents(history.cents if history else 0),
            *scores,
            Decimal(round(10_000 * (1 - sum(scores) / 16) * (0.8 + 0.2 * rng.random()))).scaleb(-2),
            from_cents(round((history.cents if history else 0) * (2 + 2 * rng.random()))),
            next(name for least, name in _SEGMENTS if sum(scores) >= least),
            phone_hash(customer.phone),
        )


def _histories(world: World) -> dict[str, _History]:
    histories: dict[str, _History] = {}
    for order in world.orders:
        if order.status is OrderStatus.COMPLETED:
            day = order.placed_at.date()
            history = histories.setdefault(order.customer.user_no, _History(first=day, last=day))
            history.last = day
            history.orders += 1
            history.cents += order.pay_cents
    return histories


def _scores(history: _History | None, end: date) -> tuple[int, int, int]:
    """Return recency, frequency and monetary score."""
    if history is None:
        return (1, 1, 1)
    idle = (end - history.last).days
    return (
        5 - sum(idle > limit for limit in _RECENCY_DAYS),
        1 + sum(history.orders >= limit for limit in _FREQUENCY),
        1 + sum(history.cents >= limit for limit in _SPEND_CENTS),
    )
