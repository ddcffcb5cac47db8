"""aws-luckyus-salespayment-rw: the trades, which name their order by a text and the market by currency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.payments import Trade, card_last4, card_token, trades
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-salespayment-rw"
_TRADE_COLUMNS: Final = (
    Column(name="trade_no", type="VARCHAR", comment="Trade key; trade_serial_no in accounting"),
    Column(name="order_id", type="VARCHAR", comment="Order key as text; BIGINT in the order database"),
    Column(name="user_no", type="VARCHAR", comment="Account that paid"),
    Column(name="payment_method", type="VARCHAR", comment="card, wallet or stored_value"),
    Column(name="payment_channel", type="VARCHAR", comment="One of 11 channels, for example apple_pay"),
    Column(name="currency_code", type="VARCHAR", comment="USD, or NZD at the Cook Islands test stores"),
    Column(name="pay_amount", type="DECIMAL(12,2)", comment="Amount; positive for refunds too"),
    Column(name="channel_fee", type="DECIMAL(10,2)", comment="Fee of the channel, 0 unless successful"),
    Column(name="trade_status", type="VARCHAR", comment="success, failed or refund"),
    Column(name="card_last4", type="VARCHAR", comment="Last digits of the card, NULL without one"),
    Column(name="card_token", type="VARCHAR", comment="The processor's token for the card, NULL without one"),
    Column(name="trade_time", type="TIMESTAMP", comment="When the trade was made, New York time"),
)


def _row(trade: Trade) -> Row:
    user_no = trade.order.customer.user_no
    return (
        trade.trade_no,
        trade.order_id_text,
        user_no,
        trade.channel.method,
        trade.channel.name,
        trade.order.store.currency_code,
        from_cents(trade.cents),
        from_cents(trade.fee_cents),
        str(trade.status),
        card_last4(user_no) if trade.channel.shows_card else None,
        card_token(user_no) if trade.channel.shows_card else None,
        trade.at,
    )


def _trade_rows(world: World) -> Iterator[Row]:
    return map(_row, world.each(trades))


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_sales_payment",
            name="t_sales_trade_m",
            comment="Trades: refunds, parts of split payments and failed attempts have rows of their own",
            columns=_TRADE_COLUMNS,
            primary_key=("trade_no",),
            rows=world.rows(_trade_rows),
        ),
    )


SALESPAYMENT: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
