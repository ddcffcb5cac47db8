"""Stock in the stores: drinks take materials, mornings bring deliveries, evenings waste and counting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from random import Random
from typing import Final, NamedTuple

from lucky_mcp.demo.goods import STOCKED, Goods, recipe
from lucky_mcp.demo.orders import Order, OrderStatus
from lucky_mcp.demo.stores import Store
from lucky_mcp.demo.world import World

_FIRST_CHANGE_ID: Final = 700_000_000_001
_PAR: Final = 4_000
"""Servings a delivery fills up to: more than any store uses in a day."""

_MISCOUNTED: Final = 0.15


class Movement(NamedTuple):
    """One change of one article's stock in one store, in servings."""

    change_id: int
    store: Store
    goods: Goods
    change_type: str
    quantity: int
    balance: int
    at: datetime


class _Stores:
    """The running balance of every article in every store."""

    def __init__(self) -> None:
        self._balances: Counter[tuple[int, int]] = Counter()
        self._change_id = _FIRST_CHANGE_ID - 1

    def missing(self, store: Store, goods: Goods) -> int:
        """Return what a delivery would bring."""
        return _PAR - self._balances[store.id, goods.number]

    def move(self, store: Store, goods: Goods, change_type: str, quantity: int, at: datetime) -> Movement:
        """Book one change and return it."""
        key = (store.id, goods.number)
        self._balances[key] = balance = self._balances[key] + quantity
        self._change_id += 1
        return Movement(self._change_id, store, goods, change_type, quantity, balance, at)


def movements(world: World) -> Iterator[Movement]:
    """Yield every change of stock, oldest first within a store's day."""
    rng = world.random("stock")
    recipes = {each.spu_code: recipe(each, world.scale.materials_per_drink) for each in world.products}
    used = {goods.number for needed in recipes.values() for goods in needed}
    kept = [goods for goods in STOCKED if goods.number in used]
    shelves = _Stores()
    made = (order for order in world.orders if order.status is not OrderStatus.CANCELLED)
    by_day = groupby(made, key=lambda order: order.placed_at.date())
    for day, orders in by_day:
        open_stores = [store for store in world.stores if store.open_date <= day]
        yield from _delivered(rng, shelves, open_stores, kept, day)
        yield from _sold(shelves, orders, recipes)
        yield from _lost(rng, shelves, open_stores, kept, day)


def closing_stock(world: World) -> Mapping[tuple[int, str], Movement]:
    """Return the last movement by (store id, goods_mid): its balance is what lies on the shelf now."""
    return {(each.store.id, each.goods.goods_mid): each for each in world.each(movements)}


def _delivered(
    rng: Random, shelves: _Stores, stores: Sequence[Store], kept: Sequence[Goods], day: date
) -> Iterator[Movement]:
    for store in stores:
        at = datetime.combine(day, time(4)) + timedelta(minutes=rng.randint(0, 50))
        for goods in kept:
            if missing := shelves.missing(store, goods):
                yield shelves.move(store, goods, "receipt", missing, at)


def _sold(
    shelves: _Stores, orders: Iterator[Order], recipes: Mapping[str, Sequence[Goods]]
) -> Iterator[Movement]:
    move = shelves.move
    for order in orders:
        store, at = order.store, order.placed_at
        for line in order.lines:
            quantity = -line.quantity
            for goods in recipes[line.product.spu_code]:
                yield move(store, goods, "sale", quantity, at)


def _lost(
    rng: Random, shelves: _Stores, stores: Sequence[Store], kept: Sequence[Goods], day: date
) -> Iterator[Movement]:
    at = datetime.combine(day, time(22, 30))
    for store in stores:
        for goods in kept:
            yield shelves.move(store, goods, "waste", -rng.randint(1, 6), at)
            if rng.random() < _MISCOUNTED:
                yield shelves.move(store, goods, "adjustment", rng.choice((-2, -1, 1, 2)), at)
