"""What the planners expected: demand for products, and the orders of materials that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from lucky_mcp.demo.goods import GOODS_OF_PRODUCT, STOCKED, Goods
from lucky_mcp.demo.rates import NZ_TEST_ORDERS, US_TEST_ORDERS
from lucky_mcp.demo.stores import Store, StoreGroup
from lucky_mcp.demo.world import World

_GROUP_SHARES: Final = {
    StoreGroup.TRADING: 1.0 - NZ_TEST_ORDERS - US_TEST_ORDERS,
    StoreGroup.US_TEST: US_TEST_ORDERS,
    StoreGroup.NZ_TEST: NZ_TEST_ORDERS,
}
_MODELS: Final = ("demand-3.1", "demand-3.2")


class Forecast(NamedTuple):
    """One prediction for one store, article and day; `confidence` is between 0 and 1."""

    number: int
    store: Store
    goods: Goods
    made_on: date
    for_day: date
    quantity: Decimal
    confidence: float
    model: str


def demand_forecasts(world: World) -> Iterator[Forecast]:
    """Yield, for each day, what every open store was expected to sell on the days that follow it."""
    rng = world.random("demand_forecasts")
    of_all = sum(each.weight for each in world.products)
    expected = {product.spu_code: product.weight / of_all for product in world.products}
    days = world.scale.days_until(world.end)
    number = 0
    for made_on in days:
        model = _MODELS[made_on.toordinal() % 4 == 0]
        for store, sales in _expected_sales(world, made_on).items():
            for spu_code, share in expected.items():
                cents = sales * share * 100
                for ahead in range(1, world.scale.forecast_days + 1):
                    number += 1
                    fate = rng.random()
                    quantity = Decimal(int(cents * (0.75 + 0.5 * fate))).scaleb(-2)
                    confidence = round(0.95 - 0.01 * ahead - 0.1 * fate, 3)
                    yield Forecast(
                        number,
                        store,
                        GOODS_OF_PRODUCT[spu_code],
                        made_on,
                        made_on + timedelta(days=ahead),
                        quantity,
                        confidence,
                        model,
                    )


def order_forecasts(world: World) -> Iterator[Forecast]:
    """Yield, for each day, what every open store was expected to need of each article the day after."""
    rng = world.random("order_forecasts")
    number = 0
    for made_on in world.scale.days_until(world.end):
        for store, sales in _expected_sales(world, made_on).items():
            for goods in STOCKED:
                number += 1
                quantity = Decimal(round(sales * rng.uniform(0.1, 1.2)))
                confidence = round(rng.uniform(0.6, 0.95), 3)
                next_day = made_on + timedelta(days=1)
                yield Forecast(number, store, goods, made_on, next_day, quantity, confidence, "replenish-1.4")


def _expected_sales(world: World, day: date) -> Mapping[Store, float]:
    """Return the items that each open store may sell on a day; the model takes test stores for real ones."""
    open_stores = [store for store in world.stores if store.open_date <= day]
    return {store: _share(store, open_stores) * world.scale.orders_per_day * 1.3 for store in open_stores}


def _share(store: Store, open_stores: Sequence[Store]) -> float:
    of_group = sum(each.weight for each in open_stores if each.group is store.group)
    return _GROUP_SHARES[store.group] * store.weight / of_group
