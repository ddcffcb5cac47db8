"""A fleet of a few dozen rows, cut from the demo and made sharp: what is hidden would break casts and sums.

Generated queries join freely, so tables must be small; and an error must tell hidden rows from visible
ones, or the error channel could leak without a property noticing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from lucky_mcp.demo.tables import Fleet, Table
from tests.support.reference import CRM, ORDERS, Row, records, visible_rows

VISIBLE_ORDERS, HIDDEN_ORDERS = 16, 9
SPARE_USERS = 7
ORDER_TABLE, ITEM_TABLE = "t_sales_order_m", "t_order_item"
USER_TABLE, PROFILE_TABLE = "t_user", "t_user_profile"


def small_fleet(fleet: Fleet) -> Fleet:
    """Return the cut: every reason to be hidden occurs, and text that casts is text of visible rows."""
    orders = _orders(fleet)
    items = _items(fleet, {row["order_id"] for row in orders})
    users = _users(fleet, {row["user_no"] for row in orders})
    profiles = _profiles(fleet, [row["user_no"] for row in users])
    kept = {ORDER_TABLE: orders, ITEM_TABLE: items, USER_TABLE: users, PROFILE_TABLE: profiles}
    cut = replace(
        fleet, tables=tuple(with_rows(t, kept[t.name]) if t.name in kept else t for t in fleet.tables)
    )
    return _sharpened(cut)


def with_rows(table: Table, rows: Sequence[Row]) -> Table:
    """Return the table with other rows, given as mappings."""
    return replace(table, rows=[tuple(row[column.name] for column in table.columns) for row in rows])


def table_named(fleet: Fleet, name: str) -> Table:
    """Return a table by its leaf name."""
    return next(table for table in fleet.tables if table.name == name)


def split_rows(fleet: Fleet, name: str) -> tuple[list[Row], list[Row]]:
    """Return (visible rows, hidden rows) of a table, by the reference rules."""
    table = table_named(fleet, name)
    visible = visible_rows(table, fleet)
    keys = {tuple(row[part] for part in table.primary_key) for row in visible}
    hidden = [row for row in records(table) if tuple(row[part] for part in table.primary_key) not in keys]
    return visible, hidden


def _orders(fleet: Fleet) -> list[Row]:
    visible, hidden = split_rows(fleet, ORDER_TABLE)
    foreign = [row for row in hidden if row["currency_code"] != "USD"]
    tests = [row for row in hidden if row["currency_code"] == "USD"]
    kept = [*visible[:VISIBLE_ORDERS], *foreign[: HIDDEN_ORDERS // 2], *tests[: HIDDEN_ORDERS // 2]]
    odd = [
        {"currency_code": "NZD"},
        {"currency_code": None},
        {"shop_id": None},
        {"shop_id": foreign[0]["shop_id"]},
        {"currency_code": "usd "},
    ]
    first = max(int(str(row["order_id"])) for row in kept) + 1
    return kept + [{**visible[20 + n], **change, "order_id": first + n} for n, change in enumerate(odd)]


def _items(fleet: Fleet, orders: set[object]) -> list[Row]:
    rows = records(fleet.table(ORDERS, "luckyus_sales_order", ITEM_TABLE))
    kept = [row for row in rows if row["order_id"] in orders]
    last = max(int(str(row["order_item_id"])) for row in rows)
    orphans = [{"order_id": None}, {"order_id": 5}]
    return kept + [{**rows[n], **change, "order_item_id": last + 1 + n} for n, change in enumerate(orphans)]


def _users(fleet: Fleet, wanted: set[object]) -> list[Row]:
    rows = records(fleet.table(CRM, "luckyus_sales_crm", USER_TABLE))
    broken = [row for row in rows if not row["phone"] or "@" not in str(row["email"])][:SPARE_USERS]
    short = [row for row in rows if row["phone"] and len(str(row["phone"])) < 6][:2]
    capital = [row for row in rows if "Example.COM" in str(row["email"])][:2]
    foreign = [row for row in rows if row["country_code"] != "US"][:SPARE_USERS]
    chosen = {row["user_no"] for row in (*broken, *short, *capital, *foreign)} | set(
        sorted(map(str, wanted))[:14]
    )
    kept = [row for row in rows if row["user_no"] in chosen]
    return [*kept, {**rows[0], "user_no": "U9", "country_code": None}]


def _profiles(fleet: Fleet, users: Sequence[object]) -> list[Row]:
    rows = records(fleet.table(CRM, "luckyus_sales_crm", PROFILE_TABLE))
    kept = [row for row in rows if row["user_no"] in set(users)]
    return [*kept, {**rows[0], "user_no": "U8"}]


def _sharpened(fleet: Fleet) -> Fleet:
    changes: dict[str, Callable[[Row, int, bool], Row]] = {
        ORDER_TABLE: _sharp_order,
        ITEM_TABLE: _sharp_item,
        USER_TABLE: _sharp_user,
    }
    tables = list(fleet.tables)
    for name, change in changes.items():
        visible, hidden = split_rows(fleet, name)
        rows = [change(row, n, True) for n, row in enumerate(visible)]
        rows += [change(row, n, False) for n, row in enumerate(hidden)]
        tables = [with_rows(table, rows) if table.name == name else table for table in tables]
    return replace(fleet, tables=tuple(tables))


def _sharp_order(row: Row, number: int, visible: bool) -> Row:
    if visible:
        return {**row, "order_no": str(7 + number % 5), "remark": "2" if number % 4 == 0 else row["remark"]}
    huge = Decimal("8000000.25")
    return {
        **row,
        "order_status": 50,
        "total_amount": huge,
        "pay_amount": huge if number % 2 else row["pay_amount"],
    }


def _sharp_item(row: Row, number: int, visible: bool) -> Row:
    if visible:
        return {**row, "spu_code": str(1 + number % 6)}
    return {**row, "quantity": 0, "unit_price": Decimal("90000.00")}


def _sharp_user(row: Row, number: int, visible: bool) -> Row:
    return {**row, "group_no": str(1000 + number % 4)} if visible else row
