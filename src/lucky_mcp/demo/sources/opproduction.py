"""aws-luckyus-opproduction-rw: how long each drink took, who made it and on which machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.production import productions
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-opproduction-rw"
_COLUMNS: Final = (
    Column(name="production_id", type="BIGINT", comment="Production key"),
    Column(name="order_id", type="BIGINT", comment="Order key: t_sales_order_m.order_id"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="spu_code", type="VARCHAR", comment="Product key"),
    Column(name="barista_id", type="VARCHAR", comment="t_employee.employee_id of the iehr database"),
    Column(name="device_mark", type="VARCHAR", comment="t_device.device_mark of the IoT database"),
    Column(name="start_time", type="TIMESTAMP", comment="Begin, New York time"),
    Column(name="end_time", type="TIMESTAMP", comment="End, New York time"),
    Column(name="production_time", type="INTEGER", comment="Seconds from begin to end"),
)


def _rows(world: World) -> Iterator[Row]:
    for made in world.each(productions):
        yield (
            made.production_id,
            made.order.order_id,
            made.order.store.id,
            made.product.spu_code,
            made.barista.employee_id,
            made.machine.mark,
            made.start,
            made.end,
            made.seconds,
        )


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_opproduction",
            name="t_production_order",
            comment="One row for each drink that was made, test stores included",
            columns=_COLUMNS,
            primary_key=("production_id",),
            rows=world.rows(_rows),
        ),
    )


OPPRODUCTION: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
