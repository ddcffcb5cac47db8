"""aws-luckyus-iehr-rw: the staff with names, identity numbers and pay, which no agent needs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from lucky_mcp.demo.employees import employees
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-iehr-rw"
_COLUMNS: Final = (
    Column(name="employee_id", type="VARCHAR", comment="Staff key; barista_id in production"),
    Column(name="name", type="VARCHAR", comment="Full name"),
    Column(name="ssn", type="VARCHAR", comment="Social security number"),
    Column(name="position", type="VARCHAR", comment="barista, shift_lead or store_manager"),
    Column(name="salary", type="DECIMAL(10,2)", comment="Dollars a year"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="hire_date", type="DATE", comment="First day"),
)


def _rows(world: World) -> Iterator[Row]:
    for each in employees(world):
        salary = Decimal(each.salary).quantize(Decimal("0.01"))
        yield (each.employee_id, each.name, each.ssn, each.position, salary, each.store.id, each.hired)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_ehr",
            name="t_employee",
            comment="Staff of all stores: restricted",
            columns=_COLUMNS,
            primary_key=("employee_id",),
            rows=tuple(_rows(world)),
        ),
    )


IEHR: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
