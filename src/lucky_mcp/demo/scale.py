"""How much data a fleet has: a few named sizes, so that a test and a demonstration differ in one word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class OrderCounts:
    """How many orders there are in the end: completed ones of all stores, and those in NZD of any status."""

    completed: int
    nzd: int


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One size: days of orders that end with the fleet's last day, orders on a mean day, accounts in all.

    `materials_per_drink` is how many of a recipe's goods are booked, `forecast_days` how far ahead demand is
    predicted. `counts` asks for exact numbers of orders. Rows of a `streamed` size are made when they are
    written and never held.
    """

    name: str
    days: int
    orders_per_day: int
    customers: int
    coupons: int
    experiment_rows: int
    materials_per_drink: int
    forecast_days: int
    counts: OrderCounts | None = None
    streamed: bool = False

    def days_until(self, end: date) -> tuple[date, ...]:
        """Return the days that have orders, oldest first."""
        return tuple(end - timedelta(days=back) for back in reversed(range(self.days)))


_SIZES: Final = (
    Scale(
        name="tiny",
        days=3,
        orders_per_day=500,
        customers=800,
        coupons=2_000,
        experiment_rows=600,
        materials_per_drink=2,
        forecast_days=1,
    ),
    Scale(
        name="small",
        days=30,
        orders_per_day=1_000,
        customers=12_000,
        coupons=40_000,
        experiment_rows=12_000,
        materials_per_drink=3,
        forecast_days=1,
    ),
    # The volumes of the fleet's own reports; a little more is drawn than `counts` keeps.
    Scale(
        name="full",
        days=165,
        orders_per_day=3_160,
        customers=277_000,
        coupons=1_000_000,
        experiment_rows=640_000,
        materials_per_drink=16,
        forecast_days=38,
        counts=OrderCounts(completed=487_251, nzd=21_245),
        streamed=True,
    ),
)
SCALES: Final[Mapping[str, Scale]] = MappingProxyType({size.name: size for size in _SIZES})


def scale_named(name: str) -> Scale:
    """Return the size called `name`, or raise ValueError that lists the sizes there are."""
    try:
        return SCALES[name]
    except KeyError:
        raise ValueError(f"unknown scale {name!r}: choose one of {', '.join(SCALES)}") from None
