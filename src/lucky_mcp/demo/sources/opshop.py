"""aws-luckyus-opshop-rw: the store master data, where test stores are told apart."""

from __future__ import annotations

from typing import Final

from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-opshop-rw"
_SHOP_COLUMNS: Final = (
    Column(name="id", type="BIGINT", comment="Store key; shop_id or shop_dept_id in other databases"),
    Column(name="shop_no", type="VARCHAR", comment="Store number shown to staff"),
    Column(name="shop_name", type="VARCHAR", comment="Store name"),
    Column(name="country_code", type="VARCHAR", comment="US, or CK for the Cook Islands test stores"),
    Column(name="city", type="VARCHAR", comment="City"),
    Column(name="borough", type="VARCHAR", comment="New York borough, NULL elsewhere"),
    Column(name="address", type="VARCHAR", comment="Street address"),
    Column(name="status", type="VARCHAR", comment="open or closed"),
    Column(name="is_test", type="BOOLEAN", comment="TRUE where no customer ever buys"),
    Column(name="open_date", type="DATE", comment="First day with orders"),
    Column(name="latitude", type="DOUBLE", comment="Degrees north"),
    Column(name="longitude", type="DOUBLE", comment="Degrees east"),
)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_opshop",
            name="t_shop_info",
            comment="Stores: 11 that trade, and test stores in New Jersey, New York and the Cook Islands",
            columns=_SHOP_COLUMNS,
            primary_key=("id",),
            rows=tuple(
                (
                    store.id,
                    store.shop_no,
                    store.name,
                    store.country_code,
                    store.city,
                    store.borough,
                    store.address,
                    "open",
                    store.is_test,
                    store.open_date,
                    store.latitude,
                    store.longitude,
                )
                for store in world.stores
            ),
        ),
    )


OPSHOP: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
