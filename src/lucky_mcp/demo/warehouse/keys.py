"""The warehouse's own keys: numbers that follow from the natural keys, so facts and dimensions agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from lucky_mcp.demo.coupon_templates import ALL_TEMPLATES
from lucky_mcp.demo.customers import Customer
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.orders import Order
from lucky_mcp.demo.stores import STORES
from lucky_mcp.demo.tables import Column, Table

SOURCE: Final = "redshift"
DWH: Final = "dwh_schema"
CHANNELS: Final = ("pickup", "delivery")
STORE_KEYS: Final[Mapping[int, int]] = MappingProxyType(
    {store.id: number for number, store in enumerate(STORES, start=1)}
)
TEMPLATE_KEYS: Final[Mapping[int, int]] = MappingProxyType(
    {template.template_id: number for number, template in enumerate(ALL_TEMPLATES, start=1)}
)
STORE_KEY: Final = Column(name="store_key", type="BIGINT", comment="dim_store")
CUSTOMER_KEY: Final = Column(name="customer_key", type="BIGINT", comment="dim_customer")
PRODUCT_KEY: Final = Column(name="product_key", type="BIGINT", comment="dim_product")
ORDER_KEY: Final = Column(name="order_key", type="BIGINT", comment="fact_orders")
DATE_KEY: Final = Column(name="date_key", type="INTEGER", comment="dim_date, YYYYMMDD")


def customer_key(customer: Customer) -> int:
    """Return the key of an account."""
    return int(customer.user_no[1:]) - 100_000_000


def order_key(order: Order) -> int:
    """Return the key of an order."""
    return order.order_id - 100_000_000_000


def date_key(day: date) -> int:
    """Return a day as YYYYMMDD."""
    return day.year * 10_000 + day.month * 100 + day.day


def time_key(at: datetime) -> int:
    """Return a time of day as HHMM."""
    return at.hour * 100 + at.minute


def loaded_at(at: datetime) -> datetime:
    """Return when the nightly load brought a row of that time into the warehouse."""
    return datetime.combine(at.date() + timedelta(days=1), time(1, 30))


def dwh_table(name: str, comment: str, columns: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    """Return a table of the star schema; its first column is its key."""
    return Table(
        source=SOURCE,
        schema=DWH,
        name=name,
        comment=comment,
        columns=columns,
        primary_key=(columns[0].name,),
        rows=rows,
    )
