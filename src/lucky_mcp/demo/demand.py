"""How many orders each store gets on a day, and at what times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from lucky_mcp.demo.outage import Outage
from lucky_mcp.demo.rates import NZ_TEST_ORDERS, US_TEST_ORDERS
from lucky_mcp.demo.stores import Store, StoreGroup

_GROUP_SHARES: Final = {
    StoreGroup.TRADING: 1.0 - NZ_TEST_ORDERS - US_TEST_ORDERS,
    StoreGroup.US_TEST: US_TEST_ORDERS,
    StoreGroup.NZ_TEST: NZ_TEST_ORDERS,
}
# Monday first: offices fill the stores, so weekends are quieter. The mean is 1.
_WEEKDAY_FACTORS: Final = (1.00, 1.06, 1.08, 1.07, 1.03, 0.89, 0.87)
# Peaks at 9-10 and 13-14, as the order facts state them.
_HOUR_WEIGHTS: Final = {
    5: 2, 6: 4, 7: 6, 8: 11, 9: 14, 10: 10, 11: 8, 12: 10, 13: 12, 14: 8, 15: 7, 16: 6, 17: 5, 18: 4, 19: 3,
    20: 2, 21: 2,
}  # fmt: skip
_STORE_NOISE: Final = 0.08
_DAY_NOISE: Final = 0.04


@dataclass(frozen=True, kw_only=True)
class StoreDay:
    """One store on one day: the time of each order it gets."""

    store: Store
    order_times: tuple[datetime, ...]


def demand_on(
    rng: Random, *, day: date, stores: Sequence[Store], orders_per_day: int, outage: Outage
) -> tuple[StoreDay, ...]:
    """Return the day of every open store; the groups of stores split the day by the stated rates."""
    orders = round(orders_per_day * _WEEKDAY_FACTORS[day.weekday()] * _noise(rng, _DAY_NOISE))
    days: list[StoreDay] = []
    for group, wanted in zip(_GROUP_SHARES, split_whole(orders, tuple(_GROUP_SHARES.values())), strict=True):
        open_stores = [store for store in stores if store.group == group and store.open_date <= day]
        weights = [store.weight * _noise(rng, _STORE_NOISE) for store in open_stores]
        for store, count in zip(open_stores, split_whole(wanted, weights), strict=True):
            days.append(_store_day(rng, store, day, count, outage))
    return tuple(days)


def split_whole(total: int, weights: Sequence[float]) -> tuple[int, ...]:
    """Split a whole number by weights (largest remainder): the parts add up, which keeps the rates exact."""
    scale = total / sum(weights)
    floors = [int(weight * scale) for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: floors[place] - weights[place] * scale)
    for place in by_remainder[: total - sum(floors)]:
        floors[place] += 1
    return tuple(floors)


def _store_day(rng: Random, store: Store, day: date, count: int, outage: Outage) -> StoreDay:
    closes = store.closes
    if outage.hits(store.id, day):
        count, closes = round(count * outage.kept_share), outage.last_hour + 1
    hours = range(store.opens, closes)
    drawn = rng.choices(hours, [_HOUR_WEIGHTS[hour] for hour in hours], k=count)
    midnight = datetime.combine(day, time())
    times = sorted(midnight + timedelta(seconds=hour * 3_600 + rng.randrange(3_600)) for hour in drawn)
    return StoreDay(store=store, order_times=tuple(times))


def _noise(rng: Random, width: float) -> float:
    return rng.uniform(1.0 - width, 1.0 + width)
