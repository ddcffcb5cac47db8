"""The orders: the facts that sales, payment, production and the warehouse all retell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import IntEnum
from itertools import count
from random import Random
from typing import Final

from lucky_mcp.demo.basket import OrderLine, draw_discount_cents, draw_lines
from lucky_mcp.demo.customer_pool import CustomerPool, pool_of
from lucky_mcp.demo.customers import Customer
from lucky_mcp.demo.demand import StoreDay, demand_on
from lucky_mcp.demo.outage import Outage
from lucky_mcp.demo.part_random import part_random
from lucky_mcp.demo.progress import Progress
from lucky_mcp.demo.rates import CANCELLED, REFUNDED
from lucky_mcp.demo.scale import Scale
from lucky_mcp.demo.stores import Store, StoreGroup

_FIRST_ORDER_ID: Final = 100_000_000_001
_TESTERS: Final = 20
_US_ACCOUNT_AT_NZ_STORE: Final = 0.05
_DELIVERY: Final = 0.12


class OrderStatus(IntEnum):
    """Where an order ended; the numbers are those of the order table."""

    COMPLETED = 90
    REFUNDED = 91
    CANCELLED = 99


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One order as it happened, before any source copies or damages it; amounts are in cents."""

    order_id: int
    order_no: str
    customer: Customer
    store: Store
    status: OrderStatus
    channel: str
    lines: tuple[OrderLine, ...]
    discount_cents: int
    placed_at: datetime

    @property
    def total_cents(self) -> int:
        """Return the amount before the discount."""
        return sum(line.cents for line in self.lines)

    @property
    def pay_cents(self) -> int:
        """Return the amount after the discount; for a cancelled order, what would have been due."""
        return self.total_cents - self.discount_cents


@dataclass(frozen=True, kw_only=True)
class _Buyers:
    us: CustomerPool
    cook_islands: CustomerPool
    testers: CustomerPool


def build_orders(
    *,
    seed: int,
    end: date,
    scale: Scale,
    stores: Sequence[Store],
    customers: Sequence[Customer],
    outage: Outage,
    progress: Progress,
) -> tuple[Order, ...]:
    """Return all orders, oldest first, with order_ids that rise with time as an auto-increment's do."""
    rng = part_random(seed, scale.name, "orders")
    buyers = _buyers(customers)
    order_ids = count(_FIRST_ORDER_ID)
    orders: list[Order] = []
    days = scale.days_until(end)
    for done, day in enumerate(days, start=1):
        demand = demand_on(rng, day=day, stores=stores, orders_per_day=scale.orders_per_day, outage=outage)
        placed = [visit for store_day in demand for visit in _visits(rng, day, store_day, buyers)]
        placed.sort(key=lambda visit: visit[0])
        orders.extend(_order(rng, next(order_ids), *visit) for visit in placed)
        progress("orders", done, len(days))
    return tuple(orders)


def _buyers(customers: Sequence[Customer]) -> _Buyers:
    us = [customer for customer in customers if customer.country_code == "US"]
    return _Buyers(
        us=pool_of(us),
        cook_islands=pool_of(customer for customer in customers if customer.country_code == "CK"),
        testers=pool_of(us[:_TESTERS]),
    )


def _visits(
    rng: Random, day: date, store_day: StoreDay, buyers: _Buyers
) -> list[tuple[datetime, Store, Customer]]:
    midnight = datetime.combine(day, time())
    number = len(store_day.order_times)
    pool = {
        StoreGroup.TRADING: buyers.us,
        StoreGroup.US_TEST: buyers.testers,
        StoreGroup.NZ_TEST: buyers.cook_islands,
    }[store_day.store.group]
    drawn = pool.draw(rng, registered_before=midnight, count=number)
    if store_day.store.group is StoreGroup.NZ_TEST:
        testers = buyers.testers.draw(rng, registered_before=midnight, count=number)
        drawn = [
            tester if rng.random() < _US_ACCOUNT_AT_NZ_STORE else customer
            for customer, tester in zip(drawn, testers, strict=True)
        ]
    return [
        (placed_at, store_day.store, customer)
        for placed_at, customer in zip(store_day.order_times, drawn, strict=True)
    ]


def _order(rng: Random, order_id: int, placed_at: datetime, store: Store, customer: Customer) -> Order:
    lines = draw_lines(rng, store)
    return Order(
        order_id=order_id,
        order_no=f"LK{placed_at:%y%m%d}{order_id % 10_000_000:07d}",
        customer=customer,
        store=store,
        status=_status(rng),
        channel="delivery" if store.borough == "Manhattan" and rng.random() < _DELIVERY else "pickup",
        lines=lines,
        discount_cents=draw_discount_cents(rng, store, lines),
        placed_at=placed_at,
    )


def _status(rng: Random) -> OrderStatus:
    fate = rng.random()
    if fate < CANCELLED:
        return OrderStatus.CANCELLED
    return OrderStatus.REFUNDED if fate < CANCELLED + REFUNDED else OrderStatus.COMPLETED
