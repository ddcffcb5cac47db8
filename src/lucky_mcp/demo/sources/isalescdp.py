"""aws-luckyus-isalescdp-rw: the states of accounts, with tags as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.user_states import state_records
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-isalescdp-rw"
_COLUMNS: Final = (
    Column(name="state_id", type="BIGINT", comment="Record key"),
    Column(name="user_no", type="VARCHAR", comment="Account key"),
    Column(name="group_no", type="VARCHAR", comment="Marketing group of the account"),
    Column(name="user_state", type="INTEGER", comment="1 new, 2 active, 3 at risk, 4 lapsed"),
    Column(name="tag_data", type="JSON", comment="Tags: favourite, visits_30d, coupon_sensitive"),
    Column(name="update_time", type="TIMESTAMP", comment="Since when; an account's latest record counts"),
)


def _rows(world: World) -> Iterator[Row]:
    for record in world.each(state_records):
        account = record.customer
        yield (record.number, account.user_no, account.group_no, int(record.state), record.tags, record.at)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema="luckyus_sales_cdp",
            name="t_user_state",
            comment="States of accounts, several each; no row has a market",
            columns=_COLUMNS,
            primary_key=("state_id",),
            rows=world.rows(_rows),
        ),
    )


ISALESCDP: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
