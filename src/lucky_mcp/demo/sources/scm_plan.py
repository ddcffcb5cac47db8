"""aws-luckyus-scm-plan-rw: predicted demand; it calls the store shop_id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.forecasts import demand_forecasts
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-scm-plan-rw"
_COLUMNS: Final = (
    Column(name="prediction_id", type="BIGINT", comment="Prediction key"),
    Column(name="shop_id", type="BIGINT", comment="Store key: shop_dept_id in the stock database"),
    Column(name="goods_mid", type="VARCHAR", comment="t_commodity_base_info.goods_mid, products only"),
    Column(name="made_date", type="DATE", comment="When it was predicted"),
    Column(name="predict_date", type="DATE", comment="The day it is about"),
    Column(name="predict_qty", type="DECIMAL(12,2)", comment="Pieces expected to be sold"),
    Column(name="confidence", type="DOUBLE", comment="0 to 1"),
    Column(name="model_version", type="VARCHAR", comment="Model that predicted"),
)


def _rows(world: World) -> Iterator[Row]:
    for number, store, goods, made_on, for_day, quantity, confidence, model in world.each(demand_forecasts):
        yield (number, store.id, goods.goods_mid, made_on, for_day, quantity, confidence, model)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_scm_plan",
            name="t_demand_prediction",
            comment="Predicted demand for products, test stores included",
            columns=_COLUMNS,
            primary_key=("prediction_id",),
            rows=world.rows(_rows),
        ),
    )


SCM_PLAN: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
