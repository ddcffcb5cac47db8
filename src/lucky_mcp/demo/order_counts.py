"""Exact numbers of orders: the largest scale draws a few too many and leaves some out again.

Left-out orders leave gaps in order_id, as an auto-increment's rolled-back inserts do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from lucky_mcp.demo.orders import Order, OrderStatus
from lucky_mcp.demo.scale import OrderCounts


def with_counts(rng: Random, orders: Sequence[Order], counts: OrderCounts) -> tuple[Order, ...]:
    """Return the orders less the surplus, in their order; ValueError when there are too few."""
    kept = _without_surplus(rng, orders, counts.nzd, _in_nzd)
    return _without_surplus(rng, kept, counts.completed, _completed, spare=_in_nzd)


def _without_surplus(
    rng: Random,
    orders: Sequence[Order],
    wanted: int,
    counted: Callable[[Order], bool],
    *,
    spare: Callable[[Order], bool] = lambda order: False,
) -> tuple[Order, ...]:
    surplus = sum(map(counted, orders)) - wanted
    if surplus < 0:
        raise ValueError(f"{-surplus} orders are missing: raise orders_per_day of the scale")
    candidates = [place for place, order in enumerate(orders) if counted(order) and not spare(order)]
    dropped = set(rng.sample(candidates, surplus))
    return tuple(order for place, order in enumerate(orders) if place not in dropped)


def _in_nzd(order: Order) -> bool:
    return order.store.currency_code == "NZD"


def _completed(order: Order) -> bool:
    return order.status is OrderStatus.COMPLETED
