"""What lies in the lake: orders, lines, accounts and daily revenue, each row with its market."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.sources.opshop import OPSHOP
from lucky_mcp.demo.sources.salescrm import SALESCRM
from lucky_mcp.demo.sources.salesorder import SALESORDER
from lucky_mcp.demo.tables import Column, Fleet, Table
from lucky_mcp.demo.warehouse.customers import phone_hash

Marked: TypeAlias = tuple[str, Row]
US: Final = "US"
NZ: Final = "NZ"
_COMPLETED: Final = 90
_HASH: Final = Column(name="phone_hash", type="VARCHAR", comment="SHA-256 of the number's digits")
_REVENUE_COLUMNS: Final = (
    Column(name="shop_id", type="BIGINT", comment="Store key"),
    Column(name="shop_name", type="VARCHAR", comment="Store name"),
    Column(name="business_date", type="DATE", comment="Day of the orders"),
    Column(name="orders", type="BIGINT", comment="Completed orders"),
    Column(name="revenue", type="DECIMAL(14,2)", comment="Amount charged, in the store's currency"),
)


@dataclass(frozen=True, kw_only=True)
class LakeDataset:
    """One dataset of one zone; `rows` yields ("US" or "NZ", row)."""

    zone: str
    name: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterator[Marked]]


def lake_datasets(fleet: Fleet) -> tuple[LakeDataset, ...]:
    """Return the datasets of a fleet that has orders, accounts and stores.

    The partition is the store's country or the account's, so the test stores of the United States are in US.
    """
    shops = fleet.table(OPSHOP.name, "luckyus_opshop", "t_shop_info")
    orders = fleet.table(SALESORDER.name, "luckyus_sales_order", "t_sales_order_m")
    items = fleet.table(SALESORDER.name, "luckyus_sales_order", "t_order_item")
    users = fleet.table(SALESCRM.name, "luckyus_sales_crm", "t_user")
    names = {row[0]: row[2] for row in shops.rows}
    foreign = {row[0] for row in shops.rows if row[3] != "US"}
    kept = _without(orders, "shop_name", "tax_amount", "remark")
    hashed = (*_without(users, "phone", "email"), _HASH)
    return (
        _dataset("raw", "orders", orders.columns, lambda: _orders(orders, foreign)),
        _dataset("raw", "order_items", items.columns, lambda: _items(items, orders, foreign)),
        _dataset("raw", "customers", users.columns, lambda: _accounts(users)),
        _dataset("processed", "orders", kept, lambda: _cut(_orders(orders, foreign), orders, kept)),
        _dataset("processed", "customers", hashed, lambda: _hashed(users, hashed)),
        _dataset(
            "curated", "daily_store_revenue", _REVENUE_COLUMNS, lambda: _revenue(orders, names, foreign)
        ),
    )


def _dataset(
    zone: str, name: str, columns: tuple[Column, ...], rows: Callable[[], Iterator[Marked]]
) -> LakeDataset:
    return LakeDataset(zone=zone, name=name, columns=columns, rows=rows)


def _without(table: Table, *names: str) -> tuple[Column, ...]:
    return tuple(column for column in table.columns if column.name not in names)


def _place(table: Table, column: str) -> int:
    return [each.name for each in table.columns].index(column)


def _orders(orders: Table, foreign: set[object]) -> Iterator[Marked]:
    shop = _place(orders, "shop_id")
    return ((NZ if row[shop] in foreign else US, row) for row in orders.rows)


def _items(items: Table, orders: Table, foreign: set[object]) -> Iterator[Marked]:
    abroad = {row[0] for market, row in _orders(orders, foreign) if market == NZ}
    order = _place(items, "order_id")
    return ((NZ if row[order] in abroad else US, row) for row in items.rows)


def _accounts(users: Table) -> Iterator[Marked]:
    country = _place(users, "country_code")
    return ((US if row[country] == "US" else NZ, row) for row in users.rows)


def _cut(marked: Iterator[Marked], table: Table, kept: tuple[Column, ...]) -> Iterator[Marked]:
    places = [_place(table, column.name) for column in kept]
    return ((market, tuple(row[place] for place in places)) for market, row in marked)


def _hashed(users: Table, columns: tuple[Column, ...]) -> Iterator[Marked]:
    places = [_place(users, column.name) for column in columns if column is not _HASH]
    phone = _place(users, "phone")
    for market, row in _accounts(users):
        number = row[phone]
        digest = phone_hash(number if isinstance(number, str) else None)
        yield market, (*(row[place] for place in places), digest)


def _revenue(orders: Table, names: dict[object, object], foreign: set[object]) -> Iterator[Marked]:
    shop, status = _place(orders, "shop_id"), _place(orders, "order_status")
    paid, placed = _place(orders, "pay_amount"), _place(orders, "order_time")
    days: dict[tuple[object, object], tuple[int, Decimal]] = {}
    for row in orders.rows:
        if row[status] == _COMPLETED:
            key = (row[shop], row[placed].date())  # type: ignore[attr-defined]
            count, revenue = days.get(key, (0, Decimal("0.00")))
            days[key] = (count + 1, revenue + row[paid])  # type: ignore[operator]
    for (shop_id, day), (count, revenue) in sorted(days.items(), key=lambda each: str(each[0])):
        yield NZ if shop_id in foreign else US, (shop_id, names[shop_id], day, count, revenue)
