"""aws-luckyus-scm-shopstock-rw: the largest database; it calls the store shop_dept_id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.stock import closing_stock, movements
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-scm-shopstock-rw"
_SCHEMA: Final = "luckyus_scm_shopstock"
_STORE: Final = "Store key: t_shop_info.id of the opshop database, shop_id elsewhere"
_GOODS: Final = "t_commodity_base_info.goods_mid of the commodity database"
_CHANGE_COLUMNS: Final = (
    Column(name="change_id", type="BIGINT", comment="Change key"),
    Column(name="shop_dept_id", type="BIGINT", comment=_STORE),
    Column(name="goods_mid", type="VARCHAR", comment=_GOODS),
    Column(name="change_type", type="VARCHAR", comment="receipt, sale, waste or adjustment"),
    Column(name="quantity_change", type="INTEGER", comment="Servings or pieces; negative when stock fell"),
    Column(name="running_balance", type="INTEGER", comment="Stock after the change"),
    Column(name="change_time", type="TIMESTAMP", comment="When it was booked, New York time"),
)
_STOCK_COLUMNS: Final = (
    Column(name="shop_dept_id", type="BIGINT", comment=_STORE),
    Column(name="goods_mid", type="VARCHAR", comment=_GOODS),
    Column(name="stock_quantity", type="INTEGER", comment="Servings or pieces on the shelf"),
    Column(name="update_time", type="TIMESTAMP", comment="Last change, New York time"),
)


def _change_rows(world: World) -> Iterator[Row]:
    for number, store, goods, change_type, quantity, balance, at in world.each(movements):
        yield (number, store.id, goods.goods_mid, change_type, quantity, balance, at)


def _stock_rows(world: World) -> Iterator[Row]:
    for (shop_dept_id, goods_mid), last in sorted(closing_stock(world).items()):
        yield (shop_dept_id, goods_mid, last.balance, last.at)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_stock_change",
            comment="Every change of stock in every store, test stores included",
            columns=_CHANGE_COLUMNS,
            primary_key=("change_id",),
            rows=world.rows(_change_rows),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_shop_goods_stock",
            comment="Stock now, one row for each store and article",
            columns=_STOCK_COLUMNS,
            primary_key=("shop_dept_id", "goods_mid"),
            rows=world.rows(_stock_rows),
        ),
    )


SCM_SHOPSTOCK: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
