"""aws-luckyus-pgilkmap-rw: the store map, which knows a place for every store and nothing else about it."""

from __future__ import annotations

from typing import Final

from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-pgilkmap-rw"
_LOCATION_COLUMNS: Final = (
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="lat", type="DOUBLE", comment="Degrees north"),
    Column(name="lon", type="DOUBLE", comment="Degrees east"),
)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="public",
            name="store_location",
            comment="Where each store is, test stores included",
            columns=_LOCATION_COLUMNS,
            primary_key=("shop_id",),
            rows=tuple((store.id, store.latitude, store.longitude) for store in world.stores),
        ),
    )


PGILKMAP: Final = DemoSource(name=_NAME, dialect="postgres", tables=_tables)
