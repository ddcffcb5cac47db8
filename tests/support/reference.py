"""What each role may see of the demo, written by hand and apart from the policies.

This is the other half of every comparison: it must not be derived from the YAML or from the guard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from lucky_mcp.demo.tables import Column, Fleet, Table
from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.masks import masked
from tests.support.reference_rows import RESTRICTED, Row, is_visible, records

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
        "remark": MaskName.SCRUB,
        "content": MaskName.REDACT,
        "card_token": HIDDEN,
        "phone_hash": HIDDEN,
    },
    "data_engineer": {
        "phone": MaskName.LAST4,
        "email": MaskName.EMAIL_DOMAIN,
        "first_name": MaskName.REDACT,
        "last_name": MaskName.REDACT,
        "birthday": MaskName.NULL,
        "remark": MaskName.SCRUB,
        "content": MaskName.REDACT,
        "card_token": HIDDEN,
        "phone_hash": HIDDEN,
    },
    "ml_engineer": {
        "phone": MaskName.REDACT,
        "email": MaskName.REDACT,
        **dict.fromkeys(("first_name", "last_name", "birthday", "remark", "content"), HIDDEN),
        **dict.fromkeys(("card_token", "phone_hash"), HIDDEN),
    },
    "executive": dict.fromkeys(
        (
            *("phone", "email", "first_name", "last_name", "birthday", "remark", "content"),
            *("card_token", "phone_hash"),
        ),
        HIDDEN,
    ),
    "customer_care": {
        "phone": MaskName.LAST4,
        "email": MaskName.EMAIL_DOMAIN,
        "first_name": MaskName.INITIAL,
        "last_name": MaskName.INITIAL,
        "birthday": HIDDEN,
        "remark": MaskName.SCRUB,
        "content": MaskName.REDACT,
        "card_token": HIDDEN,
        "phone_hash": HIDDEN,
    },
    "operations_manager": {
        **dict.fromkeys(("phone", "email", "first_name", "last_name", "birthday"), HIDDEN),
        **dict.fromkeys(("remark", "content", "card_token", "phone_hash"), HIDDEN),
    },
}
OWN_STORES = (10001, 10002)
STORE_COLUMNS = {"t_shop_info": "id", "t_stock_change": "shop_dept_id", "t_shop_goods_stock": "shop_dept_id"}


def clean_tables(fleet: Fleet, role: str) -> tuple[Table, ...]:
    """Return the fleet as `role` may know it: hidden rows gone, hidden columns gone, the rest masked."""
    tables = [_filtered(table, fleet) for table in fleet.tables if table.name not in RESTRICTED]
    if role == "operations_manager":
        tables = [_of_own_stores(table) for table in tables]
    return tuple(_masked(table, MASKS[role]) for table in tables)


def visible_rows(table: Table, fleet: Fleet) -> list[Row]:
    """Return the rows that business roles may know of, as plain mappings."""
    keep = is_visible(table, fleet)
    return [row for row in records(table) if keep(row)]


def _filtered(table: Table, fleet: Fleet) -> Table:
    keep = is_visible(table, fleet)
    names = [column.name for column in table.columns]
    rows = [row for row in table.rows if keep(dict(zip(names, row, strict=True)))]
    return replace(table, rows=rows)


def _of_own_stores(table: Table) -> Table:
    names = [column.name for column in table.columns]
    store = STORE_COLUMNS.get(table.name, "shop_id")
    if store not in names:
        return table
    at = names.index(store)
    return replace(table, rows=[row for row in table.rows if row[at] in OWN_STORES])


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
