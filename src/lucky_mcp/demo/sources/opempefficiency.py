"""aws-luckyus-opempefficiency-rw: when staff were planned to work, and when they did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final

from lucky_mcp.demo.employees import employees
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-opempefficiency-rw"
_SCHEMA: Final = "luckyus_emp"
_WORKED: Final = 0.75
_CLOCK_COLUMNS: Final = (
    Column(name="clock_id", type="BIGINT", comment="Clock-in key"),
    Column(name="employee_id", type="VARCHAR", comment="t_employee.employee_id of the iehr database"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="clock_in_time", type="TIMESTAMP", comment="Begin of the shift, New York time"),
    Column(name="clock_out_time", type="TIMESTAMP", comment="End of the shift, New York time"),
)
_SCHEDULE_COLUMNS: Final = (
    Column(name="schedule_id", type="BIGINT", comment="Schedule key"),
    Column(name="employee_id", type="VARCHAR", comment="t_employee.employee_id of the iehr database"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="week_start", type="DATE", comment="Monday of the week"),
    Column(name="planned_shifts", type="INTEGER", comment="Shifts planned"),
    Column(name="planned_hours", type="INTEGER", comment="Hours planned"),
)


def _clock_rows(world: World) -> Iterator[Row]:
    rng = world.random("clock_in")
    clock_id = 0
    staff = employees(world)
    for day in world.scale.days_until(world.end):
        for each in staff:
            if each.store.open_date <= day and rng.random() < _WORKED:
                clock_id += 1
                opening = datetime.combine(day, time(each.store.opens))
                begin = opening + timedelta(minutes=rng.randint(-20, 360))
                end = begin + timedelta(minutes=rng.randint(235, 500))
                yield (clock_id, each.employee_id, each.store.id, begin, end)


def _schedule_rows(world: World) -> Iterator[Row]:
    rng = world.random("schedule")
    days = world.scale.days_until(world.end)
    mondays = sorted({day - timedelta(days=day.weekday()) for day in days})
    number = 0
    for monday in mondays:
        for each in employees(world):
            if each.store.open_date <= monday:
                number += 1
                shifts = rng.randint(3, 6)
                yield (number, each.employee_id, each.store.id, monday, shifts, shifts * 6)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_clock_in",
            comment="Shifts as worked",
            columns=_CLOCK_COLUMNS,
            primary_key=("clock_id",),
            rows=world.rows(_clock_rows),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_schedule",
            comment="Shifts as planned, one row for each week and person",
            columns=_SCHEDULE_COLUMNS,
            primary_key=("schedule_id",),
            rows=world.rows(_schedule_rows),
        ),
    )


OPEMPEFFICIENCY: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
