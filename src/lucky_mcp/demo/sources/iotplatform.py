"""aws-luckyus-iotplatform-rw: the machines and what those that answer report about cups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.devices import devices
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.production import cup_events
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-iotplatform-rw"
_SCHEMA: Final = "luckyus_iot_platform"
_DEVICE_COLUMNS: Final = (
    Column(name="device_mark", type="VARCHAR", comment="Device key"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="device_type", type="VARCHAR", comment="For example espresso_machine or refrigerator"),
    Column(name="device_status", type="VARCHAR", comment="online or offline, as of the last day"),
    Column(name="firmware", type="VARCHAR", comment="Version of its software"),
    Column(name="last_seen", type="TIMESTAMP", comment="Last sign of life, New York time"),
)
_CUP_COLUMNS: Final = (
    Column(name="cup_order_id", type="BIGINT", comment="Event key"),
    Column(name="device_mark", type="VARCHAR", comment="t_device.device_mark"),
    Column(name="order_id", type="VARCHAR", comment="Order key as text; BIGINT in the order database"),
    Column(name="event_type", type="VARCHAR", comment="brew_started or brew_finished"),
    Column(name="event_time", type="TIMESTAMP", comment="When it happened, New York time"),
)


def _device_rows(world: World) -> Iterator[Row]:
    for device in devices(world):
        status = "online" if device.online else "offline"
        yield (device.mark, device.store.id, device.kind, status, device.firmware, device.last_seen)


def _cup_rows(world: World) -> Iterator[Row]:
    for event in world.each(cup_events):
        mark = event.production.machine.mark
        yield (event.cup_order_id, mark, event.order_id_text, event.event_type, event.at)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_device",
            comment="Machines of all stores, 57 % of them offline",
            columns=_DEVICE_COLUMNS,
            primary_key=("device_mark",),
            rows=tuple(_device_rows(world)),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_cup_order",
            comment="Cup events of the machines that answer; the store is known by the machine only",
            columns=_CUP_COLUMNS,
            primary_key=("cup_order_id",),
            rows=world.rows(_cup_rows),
        ),
    )


IOTPLATFORM: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
