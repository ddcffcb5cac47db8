"""aws-luckyus-isalesmembermarketing-rw: a loyalty programme that was never launched: tables without a row."""

from __future__ import annotations

from typing import Final

from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-isalesmembermarketing-rw"
_SCHEMA: Final = "luckyus_member_marketing"
_POINT_COLUMNS: Final = (
    Column(name="points_id", type="BIGINT", comment="Entry key"),
    Column(name="user_no", type="VARCHAR", comment="Account that has the points"),
    Column(name="points", type="INTEGER", comment="Points gained or spent"),
    Column(name="earn_time", type="TIMESTAMP", comment="When"),
)
_TIER_COLUMNS: Final = (
    Column(name="tier_id", type="INTEGER", comment="Tier key"),
    Column(name="tier_name", type="VARCHAR", comment="Name of the tier"),
    Column(name="points_min", type="INTEGER", comment="Points it takes"),
)


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_member_points",
            comment="Points of accounts: empty, the programme was never launched",
            columns=_POINT_COLUMNS,
            primary_key=("points_id",),
            rows=(),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_member_tier",
            comment="Tiers of the programme: empty, it was never launched",
            columns=_TIER_COLUMNS,
            primary_key=("tier_id",),
            rows=(),
        ),
    )


ISALESMEMBERMARKETING: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
