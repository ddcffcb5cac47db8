"""aws-luckyus-salescrm-rw: accounts and the personal data that belongs to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.world import World

_NAME: Final = "aws-luckyus-salescrm-rw"
_SCHEMA: Final = "luckyus_sales_crm"
_USER_COLUMNS: Final = (
    Column(name="user_no", type="VARCHAR", comment="Account key in every database"),
    Column(name="group_no", type="VARCHAR", comment="Marketing group of the account"),
    Column(name="phone", type="VARCHAR", comment="Telephone number as entered"),
    Column(name="email", type="VARCHAR", comment="E-mail address as entered"),
    Column(name="country_code", type="VARCHAR", comment="Market of the account: US, or CK for test accounts"),
    Column(name="register_time", type="TIMESTAMP", comment="Registration, New York time"),
)
_PROFILE_COLUMNS: Final = (
    Column(name="user_no", type="VARCHAR", comment="Account key: t_user.user_no"),
    Column(name="first_name", type="VARCHAR", comment="Given name"),
    Column(name="last_name", type="VARCHAR", comment="Family name"),
    Column(name="gender", type="VARCHAR", comment="F, M, X or NULL when not told"),
    Column(name="birthday", type="DATE", comment="Date of birth, NULL when not told"),
)


def _user_rows(world: World) -> Iterator[Row]:
    for customer in world.customers:
        yield (
            customer.user_no,
            customer.group_no,
            customer.phone,
            customer.email,
            customer.country_code,
            customer.registered_at,
        )


def _profile_rows(world: World) -> Iterator[Row]:
    for customer in world.customers:
        if profile := customer.profile:
            yield (
                customer.user_no,
                profile.first_name,
                profile.last_name,
                profile.gender,
                profile.birthday,
            )


def _tables(world: World) -> tuple[Table, ...]:
    return (
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_user",
            comment="Registered accounts, test accounts of the Cook Islands included",
            columns=_USER_COLUMNS,
            primary_key=("user_no",),
            rows=world.rows(_user_rows),
        ),
        Table(
            source=_NAME,
            schema=_SCHEMA,
            name="t_user_profile",
            comment="What accounts tell about their person; "
            "not every account has a row, and no row has a market",
            columns=_PROFILE_COLUMNS,
            primary_key=("user_no",),
            rows=world.rows(_profile_rows),
        ),
    )


SALESCRM: Final = DemoSource(name=_NAME, dialect="mysql", tables=_tables)
