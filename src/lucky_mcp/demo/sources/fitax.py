"""aws-luckyus-fitax-rw: a tax system that was installed and never used: tables without a row."""

from __future__ import annotations

from typing import Final

from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-fitax-rw"
_SCHEMA: Final = "fi_tax"
_RECORD_COLUMNS: Final = (
    Column(name="tax_record_id", type="BIGINT", comment="Record key"),
    Column(name="order_id", type="BIGINT", comment="Order key: t_sales_order_m.order_id"),
    Column(name="shop_id", type="BIGINT", comment="Store key: t_shop_info.id of the opshop database"),
    Column(name="currency_code", type="VARCHAR", comment="Currency of the amounts"),
    Column(name="taxable_amount", type="DECIMAL(12,2)", comment="Amount that is taxed"),
    Column(name="tax_amount", type="DECIMAL(12,2)", comment="Tax due"),
    Column(name="tax_time", type="TIMESTAMP", comment="When it was computed"),
)
_CONFIG_COLUMNS: Final = (
    Column(name="tax_config_id", type="BIGINT", comment="Rate key"),
    Column(name="jurisdiction", type="VARCHAR", comment="State, city or district"),
    Column(name="tax_rate", type="DECIMAL(7,5)", comment="Share of the taxable amount"),
    Column(name="effective_date", type="DATE", comment="First day of the rate"),
)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_tax_record",
            comment="Tax of orders: empty, the tax system is not in use",
            columns=_RECORD_COLUMNS,
            primary_key=("tax_record_id",),
            rows=(),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_tax_config",
            comment="Tax rates: empty, the tax system is not in use",
            columns=_CONFIG_COLUMNS,
            primary_key=("tax_config_id",),
            rows=(),
        ),
    )


FITAX: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
