"""aws-luckyus-scmcommodity-rw: the catalogue of products and materials, not all of it translated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.goods import GOODS
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-scmcommodity-rw"
_COLUMNS: Final = (
    Column(name="goods_mid", type="VARCHAR", comment="Article key"),
    Column(name="spu_code", type="VARCHAR", comment="Product key, NULL for materials"),
    Column(name="name_cn", type="VARCHAR", comment="Chinese name"),
    Column(name="name_en", type="VARCHAR", comment="English name, NULL where it was never translated"),
    Column(name="category", type="VARCHAR", comment="coffee, tea, refresher, food or material"),
    Column(name="base_price", type="DECIMAL(10,2)", comment="Price of a product, cost of a material; USD"),
)


def _rows() -> Iterator[Row]:
    for goods in GOODS:
        spu_code = goods.product.spu_code if goods.product else None
        price = from_cents(goods.base_cents)
        yield (goods.goods_mid, spu_code, goods.name_cn, goods.name_en, goods.category, price)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_scm_commodity",
            name="t_commodity_base_info",
            comment="Products and materials of all markets",
            columns=_COLUMNS,
            primary_key=("goods_mid",),
            rows=tuple(_rows()),
        ),
    )


SCMCOMMODITY: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
