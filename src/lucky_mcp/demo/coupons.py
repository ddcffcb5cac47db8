"""The coupons: nearly all expired, a few open, and the redeemed ones tied to the order they lowered."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple

from lucky_mcp.demo.coupon_templates import IQA2, STUDENT, TEMPLATES, CouponTemplate
from lucky_mcp.demo.customers import Customer
from lucky_mcp.demo.orders import Order, OrderStatus
from lucky_mcp.demo.rates import COUPONS_ACTIVE, COUPONS_EXPIRED, IQA2_COUPONS, STUDENT_COUPONS
from lucky_mcp.demo.stores import StoreGroup
from lucky_mcp.demo.world import World

_VALID: Final = timedelta(days=7)


class CouponStatus(StrEnum):
    """What became of a coupon by the fleet's last day."""

    ACTIVE = "active"
    REDEEMED = "redeemed"
    EXPIRED = "expired"


class Coupon(NamedTuple):
    """One coupon of one account; `order` is the one it lowered."""

    number: int
    template: CouponTemplate
    customer: Customer
    status: CouponStatus
    received_at: datetime
    expires_at: datetime
    order: Order | None
    redeemed_at: datetime | None


def coupons(world: World) -> Iterator[Coupon]:
    """Yield as many coupons as the scale wants, in exactly the stated shares of what became of them."""
    rng = world.random("coupons")
    wanted = world.scale.coupons
    active = round(COUPONS_ACTIVE * wanted)
    redeemed = _redeemed(rng, world.orders, wanted - active - round(COUPONS_EXPIRED * wanted))
    issued = _Issued(rng, world)
    left = wanted
    for number in range(1, wanted + 1):
        place = rng.randrange(left)
        left -= 1
        if place < len(redeemed):
            yield _redeemed_coupon(rng, number, redeemed.pop())
        elif place < len(redeemed) + active:
            active -= 1
            yield issued.coupon(number, CouponStatus.ACTIVE)
        else:
            yield issued.coupon(number, CouponStatus.EXPIRED)


def _redeemed(rng: Random, orders: Sequence[Order], wanted: int) -> list[Order]:
    """Return the orders that a coupon lowered, latest first; testers always use theirs."""
    lowered = [
        order
        for order in orders
        if order.discount_cents
        and order.status is OrderStatus.COMPLETED
        and order.store.group is not StoreGroup.NZ_TEST
    ]
    tests = [order for order in lowered if order.store.group is StoreGroup.US_TEST][:wanted]
    others = [order for order in lowered if order.store.group is StoreGroup.TRADING]
    chosen = [*tests, *rng.sample(others, wanted - len(tests))]
    return sorted(chosen, key=lambda order: order.order_id, reverse=True)


def _redeemed_coupon(rng: Random, number: int, order: Order) -> Coupon:
    if order.store.group is StoreGroup.US_TEST:
        template = rng.choice(IQA2)
    else:
        share = round(100 * order.discount_cents / order.total_cents)
        template = rng.choice([each for each in TEMPLATES if abs(each.share - share) <= 1])
    received = max(order.placed_at - rng.random() * _VALID, order.customer.registered_at)
    return Coupon(
        number=number,
        template=template,
        customer=order.customer,
        status=CouponStatus.REDEEMED,
        received_at=received.replace(microsecond=0),
        expires_at=received.replace(microsecond=0) + _VALID,
        order=order,
        redeemed_at=order.placed_at,
    )


class _Issued:
    """Draws coupons that nobody redeemed."""

    def __init__(self, rng: Random, world: World) -> None:
        self._rng = rng
        self._customers = world.customers
        midnight = datetime.combine(world.end, time()) + timedelta(days=1)
        self._last = {CouponStatus.ACTIVE: midnight, CouponStatus.EXPIRED: midnight - _VALID}
        self._eligible = {
            status: bisect_left(world.customers, last - _VALID, key=lambda each: each.registered_at)
            for status, last in self._last.items()
        }

    def coupon(self, number: int, status: CouponStatus) -> Coupon:
        """Return one coupon of the status, received while it could still have got there."""
        customer = self._customers[self._rng.randrange(self._eligible[status])]
        last = self._last[status]
        first = customer.registered_at
        if status is CouponStatus.ACTIVE:
            first = max(first, last - _VALID)
        received = (first + self._rng.random() * (last - first)).replace(microsecond=0)
        return Coupon(
            number=number,
            template=self._template(),
            customer=customer,
            status=status,
            received_at=received,
            expires_at=received + _VALID,
            order=None,
            redeemed_at=None,
        )

    def _template(self) -> CouponTemplate:
        fate = self._rng.random()
        if fate < IQA2_COUPONS:
            return self._rng.choice(IQA2)
        if fate < IQA2_COUPONS + STUDENT_COUPONS:
            return STUDENT
        return self._rng.choice(TEMPLATES)
