"""What each role may see of the demo, written by hand and apart from the policies.

This is the other half of every comparison: it must not be derived from the YAML or from the guard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from lucky_mcp.demo.tables import Column, Fleet, Table
from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.masks import masked

ORDERS = "aws-luckyus-salesorder-rw"
CRM = "aws-luckyus-salescrm-rw"
SHOPS = "aws-luckyus-opshop-rw"
MAP = "aws-luckyus-pgilkmap-rw"

HIDDEN = MaskName.DENY
MASKS: dict[str, dict[str, MaskName]] = {
    "analyst": {
        "phone": MaskName.LAST4,
        "email": MaskName.REDACT,
        "first_name": HIDDEN,
        "last_name": HIDDEN,
        "birthday": HIDDEN,
        "remark": MaskName.REDACT,
    },
    "data_engineer": {
        "phone": MaskName.LAST4,
        "email": MaskName.EMAIL_DOMAIN,
        "first_name": MaskName.REDACT,
        "last_name": MaskName.REDACT,
        "birthday": MaskName.NULL,
        "remark": MaskName.REDACT,
    },
}
Row = Mapping[str, object]


def clean_tables(fleet: Fleet, role: str) -> tuple[Table, ...]:
    """Return the fleet as `role` may know it: hidden rows gone, hidden columns gone, the rest masked."""
    return tuple(_masked(_filtered(table, fleet), MASKS[role]) for table in fleet.tables)


def visible_rows(table: Table, fleet: Fleet) -> list[Row]:
    """Return the rows of the United States' own stores and customers, as plain mappings."""
    keep = _rule(table, fleet)
    return [row for row in records(table) if keep(row)]


def records(table: Table) -> list[Row]:
    """Return every row as a mapping of column name to value."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def own_shops(fleet: Fleet) -> set[object]:
    """Return the ids of the United States' stores that are not test stores."""
    shops = records(fleet.table(SHOPS, "luckyus_opshop", "t_shop_info"))
    return {row["id"] for row in shops if row["country_code"] == "US" and not row["is_test"]}


def _rule(table: Table, fleet: Fleet) -> Callable[[Row], bool]:
    if table.name == "t_shop_info":
        return lambda row: row["country_code"] == "US" and row["is_test"] is False
    if table.name == "t_user":
        return lambda row: row["country_code"] == "US"
    if table.name == "t_user_profile":
        users = {
            row["user_no"] for row in visible_rows(fleet.table(CRM, "luckyus_sales_crm", "t_user"), fleet)
        }
        return lambda row: row["user_no"] in users
    if table.name == "t_order_item":
        parent = fleet.table(ORDERS, "luckyus_sales_order", "t_sales_order_m")
        orders = {row["order_id"] for row in visible_rows(parent, fleet)}
        return lambda row: row["order_id"] in orders
    shops = own_shops(fleet)
    if table.name == "store_location":
        return lambda row: row["shop_id"] in shops
    if table.name == "t_sales_order_m":
        return lambda row: row["currency_code"] == "USD" and row["shop_id"] in shops
    raise LookupError(f"no reference rule for {table.name}: say what is visible of it")


def _filtered(table: Table, fleet: Fleet) -> Table:
    keep = _rule(table, fleet)
    names = [column.name for column in table.columns]
    rows = [row for row in table.rows if keep(dict(zip(names, row, strict=True)))]
    return replace(table, rows=rows)


def _masked(table: Table, masks: Mapping[str, MaskName]) -> Table:
    kept = [index for index, column in enumerate(table.columns) if masks.get(column.name) is not HIDDEN]
    columns = tuple(table.columns[index] for index in kept)
    rows = [tuple(_shown(row[index], table.columns[index], masks) for index in kept) for row in table.rows]
    return replace(table, columns=columns, rows=rows)


def _shown(value: object, column: Column, masks: Mapping[str, MaskName]) -> object:
    mask = masks.get(column.name)
    return value if mask is None else masked(value, mask, (f"pii.{column.name}",))


def rewritten(fleet: Fleet, name: str, change: Callable[[Row], Row]) -> Fleet:
    """Return the fleet with every row of one table passed through `change`."""

    def changed(table: Table) -> Sequence[tuple[object, ...]]:
        return [tuple(change(row).values()) for row in records(table)]

    tables = tuple(replace(t, rows=changed(t)) if t.name == name else t for t in fleet.tables)
    return replace(fleet, tables=tables)
