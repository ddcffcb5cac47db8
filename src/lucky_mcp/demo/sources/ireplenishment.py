"""aws-luckyus-ireplenishment-rw: what stores were told to order; it calls the store shop_dept_id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.forecasts import order_forecasts
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-ireplenishment-rw"
_COLUMNS: Final = (
    Column(name="prediction_id", type="BIGINT", comment="Prediction key"),
    Column(name="shop_dept_id", type="BIGINT", comment="Store key: shop_id in the planning database"),
    Column(name="goods_mid", type="VARCHAR", comment="t_commodity_base_info.goods_mid"),
    Column(name="predict_date", type="DATE", comment="The day it is about"),
    Column(name="predict_qty", type="INTEGER", comment="Servings or pieces to order"),
    Column(name="confidence", type="DOUBLE", comment="0 to 1"),
    Column(name="model_version", type="VARCHAR", comment="Model that predicted"),
)


def _rows(world: World) -> Iterator[Row]:
    for number, store, goods, _, for_day, quantity, confidence, model in order_forecasts(world):
        yield (number, store.id, goods.goods_mid, for_day, int(quantity), confidence, model)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_ireplenishment",
            name="t_order_prediction",
            comment="Predicted orders of materials and food, test stores included",
            columns=_COLUMNS,
            primary_key=("prediction_id",),
            rows=world.rows(_rows),
        ),
    )


IREPLENISHMENT: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
