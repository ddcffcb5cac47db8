"""The world the fleet describes, built once: sources copy from it, so they agree wherever they ought to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final, TypeVar

from lucky_mcp.demo.customers import Customer, build_customers
from lucky_mcp.demo.lazy_rows import LazyRows, Row
from lucky_mcp.demo.order_counts import with_counts
from lucky_mcp.demo.orders import Order, build_orders
from lucky_mcp.demo.outage import Outage, outage_on
from lucky_mcp.demo.part_random import part_random
from lucky_mcp.demo.products import PRODUCTS, Product
from lucky_mcp.demo.progress import Progress, unreported
from lucky_mcp.demo.scale import Scale
from lucky_mcp.demo.stores import FIRST_OPENING, STORES, Store

_Event = TypeVar("_Event")
_SETTLED_DAYS: Final = 60
"""Days between the first opening and the first order shown: by then there are accounts of every kind."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Stores, products, accounts and orders up to and including `end`."""

    seed: int
    end: date
    scale: Scale
    stores: tuple[Store, ...]
    products: tuple[Product, ...]
    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    outage: Outage
    _held: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict, repr=False, compare=False)

    def random(self, part: str) -> Random:
        """Return the random stream of one source's own imperfections."""
        return part_random(self.seed, self.scale.name, part)

    def each(self, make: Callable[[World], Iterable[_Event]]) -> Iterable[_Event]:
        """Return the events that `make` yields, for the several sources that retell them.

        They are held after the first call, or at a streamed scale made again at every call.
        """
        if self.scale.streamed:
            return make(self)
        if make not in self._held:
            self._held[make] = tuple(make(self))
        return self._held[make]

    def rows(self, make: Callable[[World], Iterator[Row]]) -> Sequence[Row]:
        """Return the rows that `make` yields: held, or at a streamed scale made again at every pass."""
        if self.scale.streamed:
            return LazyRows(lambda: make(self))
        return tuple(make(self))


def build_world(*, seed: int, end: date, scale: Scale, progress: Progress = unreported) -> World:
    """Return the world of (seed, end, scale), or raise ValueError when `end` lies before there was one."""
    earliest = FIRST_OPENING + timedelta(days=_SETTLED_DAYS + scale.days)
    if end < earliest:
        raise ValueError(f"end {end} is too early: scale {scale.name} needs {earliest} or later")
    outage = outage_on(end)
    customers = build_customers(seed=seed, end=end, scale=scale)
    orders = build_orders(
        seed=seed,
        end=end,
        scale=scale,
        stores=STORES,
        customers=customers,
        outage=outage,
        progress=progress,
    )
    if scale.counts:
        orders = with_counts(part_random(seed, scale.name, "counts"), orders, scale.counts)
    return World(
        seed=seed,
        end=end,
        scale=scale,
        stores=STORES,
        products=PRODUCTS,
        customers=customers,
        orders=orders,
        outage=outage,
    )
