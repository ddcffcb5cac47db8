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
}


def clean_tables(fleet: Fleet, role: str) -> tuple[Table, ...]:
    """Return the fleet as `role` may know it: hidden rows gone, hidden columns gone, the rest masked."""
    tables = [table for table in fleet.tables if table.name not in RESTRICTED]
    return tuple(_masked(_filtered(table, fleet), MASKS[role]) for table in tables)


def visible_rows(table: Table, fleet: Fleet) -> list[Row]:
    """Return the rows that business roles may know of, as plain mappings."""
    keep = is_visible(table, fleet)
    return [row for row in records(table) if keep(row)]


def _filtered(table: Table, fleet: Fleet) -> Table:
    keep = is_visible(table, fleet)
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
