"""What one order contains and which coupon lowers its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final

from lucky_mcp.demo.products import PRODUCTS, TESTERS_FAVOURITE, Product
from lucky_mcp.demo.stores import Store, StoreGroup

_RUNNING_WEIGHTS: Final = tuple(accumulate(product.weight for product in PRODUCTS))
# About 1.29 lines for each order, as in the order facts (602K lines beside 466K orders).
_LINE_COUNTS: Final = (1, 2, 3)
_LINE_COUNT_WEIGHTS: Final = (77, 17, 6)
# Shares of the list price; new chains live on coupons, so the mean order pays about 65 %.
_COUPONS: Final = (0.0, 0.20, 0.30, 0.50, 0.70)
_COUPON_WEIGHTS: Final = (22, 12, 20, 26, 20)
_TEST_COUPON: Final = 0.10
_FAVOURITE_IN_TEST: Final = 0.90


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLine:
    """One product of an order, at the list price of the store's currency, in cents."""

    product: Product
    quantity: int
    unit_cents: int

    @property
    def cents(self) -> int:
        """Return the line's amount before any discount."""
        return self.quantity * self.unit_cents


def draw_lines(rng: Random, store: Store) -> tuple[OrderLine, ...]:
    """Return the lines of one order: one or two cups at a trading store, a scripted pile at a test store."""
    wanted = _customer_wants(rng) if store.group is StoreGroup.TRADING else _tester_wants(rng)
    return tuple(
        OrderLine(product=product, quantity=quantity, unit_cents=product.price_cents(store.currency_code))
        for product, quantity in wanted
    )


def draw_discount_cents(rng: Random, store: Store, lines: Sequence[OrderLine]) -> int:
    """Return what coupons take off the order; test orders pay nearly full price."""
    if store.group is not StoreGroup.TRADING:
        share = 0.50 if rng.random() < _TEST_COUPON else 0.0
    else:
        share = rng.choices(_COUPONS, _COUPON_WEIGHTS)[0]
    return int(sum(line.cents for line in lines) * share)


def _customer_wants(rng: Random) -> list[tuple[Product, int]]:
    count = rng.choices(_LINE_COUNTS, _LINE_COUNT_WEIGHTS)[0]
    # dict.fromkeys: the same product twice is one line, and the draw's order stays.
    drawn = dict.fromkeys(rng.choices(PRODUCTS, cum_weights=_RUNNING_WEIGHTS, k=count))
    return [(product, 2 if rng.random() < 0.03 else 1) for product in drawn]


def _tester_wants(rng: Random) -> list[tuple[Product, int]]:
    if rng.random() < _FAVOURITE_IN_TEST:
        return [(TESTERS_FAVOURITE, rng.randint(2, 6))]
    return [(rng.choices(PRODUCTS, cum_weights=_RUNNING_WEIGHTS)[0], rng.randint(1, 4))]
