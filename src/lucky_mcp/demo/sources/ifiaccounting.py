"""aws-luckyus-ifiaccounting-rw: the books, which know trades and orders by other names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.payments import TradeStatus, trades
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-ifiaccounting-rw"
_ENTRY_COLUMNS: Final = (
    Column(name="bill_no", type="VARCHAR", comment="Entry key"),
    Column(name="trade_serial_no", type="VARCHAR", comment="The trade: t_sales_trade_m.trade_no"),
    Column(name="order_serial", type="VARCHAR", comment="The order: t_sales_order_m.order_no"),
    Column(name="entry_type", type="VARCHAR", comment="sale or refund"),
    Column(name="currency_code", type="VARCHAR", comment="USD, or NZD at the Cook Islands test stores"),
    Column(name="amount", type="DECIMAL(12,2)", comment="Booked amount; refunds are negative"),
    Column(name="entry_time", type="TIMESTAMP", comment="When it was booked, New York time"),
)


def _entry_rows(world: World) -> Iterator[Row]:
    booked = (trade for trade in world.each(trades) if trade.status is not TradeStatus.FAILED)
    for number, trade in enumerate(booked, start=1):
        refund = trade.status is TradeStatus.REFUND
        yield (
            f"B{trade.at:%Y%m}{number:09d}",
            trade.trade_no,
            trade.order.order_no,
            "refund" if refund else "sale",
            trade.order.store.currency_code,
            from_cents(-trade.cents if refund else trade.cents),
            trade.at.replace(minute=0, second=0),
        )


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_fi_accounting",
            name="t_accounting_entry",
            comment="One entry for each trade that moved money",
            columns=_ENTRY_COLUMNS,
            primary_key=("bill_no",),
            rows=world.rows(_entry_rows),
        ),
    )


IFIACCOUNTING: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
