"""What is visible of the lake, written by hand and apart from the policies: the United States' own stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lucky_mcp.demo.lake_datasets import LakeDataset, lake_datasets
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.tables import Column, Fleet, Table
from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.masks import masked

LAKE = "s3-data-lake"
MARKET = Column(name="market", type="VARCHAR")
MASKS = {
    "phone": MaskName.LAST4,
    "email": MaskName.EMAIL_DOMAIN,
    "remark": MaskName.REDACT,
}
ABSENT = {"phone_hash", "processed.orders.tax_amount"}
Marked = Iterator[tuple[str, Row]]


def clean_lake(fleet: Fleet) -> tuple[Table, ...]:
    """Return the lake as a data engineer may know it: hidden rows and columns gone, the rest masked."""
    return tuple(_clean(each, fleet) for each in lake_datasets(fleet))


def _clean(dataset: LakeDataset, fleet: Fleet) -> Table:
    names = [column.name for column in dataset.columns]
    keep = _rule(dataset, fleet)
    rows = [
        row for market, row in dataset.rows() if market == "US" and keep(dict(zip(names, row, strict=True)))
    ]
    kept = [
        at for at, name in enumerate(names) if not {name, f"{dataset.zone}.{dataset.name}.{name}"} & ABSENT
    ]
    return Table(
        source=LAKE,
        schema=dataset.zone,
        name=dataset.name,
        comment="",
        columns=(*(replace(dataset.columns[at], comment="") for at in kept), MARKET),
        primary_key=(),
        rows=[(*(_shown(row[at], names[at]) for at in kept), "US") for row in rows],
    )


def _rule(dataset: LakeDataset, fleet: Fleet) -> Callable[[dict[str, object]], bool]:
    shops = fleet.table("aws-luckyus-opshop-rw", "luckyus_opshop", "t_shop_info")
    at = {column.name: place for place, column in enumerate(shops.columns)}
    own = {row[at["id"]] for row in shops.rows if row[at["country_code"]] == "US" and not row[at["is_test"]]}
    if dataset.name == "order_items":
        orders = fleet.table("aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_sales_order_m")
        at = {column.name: place for place, column in enumerate(orders.columns)}
        visible = {
            row[at["order_id"]]
            for row in orders.rows
            if row[at["shop_id"]] in own and row[at["currency_code"]] == "USD"
        }
        return lambda row: row["order_id"] in visible
    if dataset.name == "customers":
        return lambda row: row["country_code"] == "US"
    return lambda row: row["shop_id"] in own and row.get("currency_code", "USD") == "USD"


def _shown(value: object, name: str) -> object:
    mask = MASKS.get(name)
    return value if mask is None else masked(value, mask, (f"pii.{name}",))
