"""Which rows of each table of the demo a business role may know of, written by hand and apart from the policies.

Only rows of the United States' own stores and customers are visible, as far as a table of the same source can
tell: through its own columns, or through the row of another table that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from lucky_mcp.demo.tables import Fleet, Table

Row = Mapping[str, object]
Test = Callable[[Row], bool]

RESTRICTED: Final = {"t_employee", "apps", "workflows", "conversations", "provider_credentials"}
"""Tables that no role of these tests may read at all."""

IN_DOLLARS: Final = {"t_sales_order_m", "t_sales_trade_m", "t_accounting_entry", "t_tax_record"} | {
    "sales_order_stage"
}
OF_US_CUSTOMERS: Final = {"t_user", "t_sms_record", "dim_customer"}
FOR_CUSTOMERS: Final = {"t_coupon_template", "dim_coupon_template"}
STORE_COLUMNS: Final = {
    "t_shop_info": "id",
    "store_location": "shop_id",
    "t_sales_order_m": "shop_id",
    "t_production_order": "shop_id",
    "t_clock_in": "shop_id",
    "t_schedule": "shop_id",
    "t_device": "shop_id",
    "t_stock_change": "shop_dept_id",
    "t_shop_goods_stock": "shop_dept_id",
    "t_demand_prediction": "shop_id",
    "t_order_prediction": "shop_dept_id",
    "t_tax_record": "shop_id",
    "t_employee": "shop_id",
    "sales_order_stage": "shop_id",
    "dim_store": "shop_dept_id",
}
BELONGS_TO: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "t_order_item": (("order_id", "t_sales_order_m"),),
    "t_user_profile": (("user_no", "t_user"),),
    "t_cup_order": (("device_mark", "t_device"),),
    "t_coupon_record": (("template_id", "t_coupon_template"),),
    "dim_device": (("store_key", "dim_store"),),
    "dim_employee": (("store_key", "dim_store"),),
    "fact_orders": (("store_key", "dim_store"),),
    "fact_order_items": (("order_key", "fact_orders"),),
    "fact_payments": (("order_key", "fact_orders"),),
    "fact_productions": (("store_key", "dim_store"),),
    "fact_iot_events": (("store_key", "dim_store"),),
    "fact_stock_changes": (("store_key", "dim_store"),),
    "fact_demand_predictions": (("store_key", "dim_store"),),
    "fact_coupon_usage": (
        ("customer_key", "dim_customer"),
        ("coupon_template_key", "dim_coupon_template"),
    ),
    "fact_user_events": (("customer_key", "dim_customer"),),
    "fact_experiments": (("customer_key", "dim_customer"),),
}
EVERY_ROW: Final = {
    *("t_ab_test_record", "t_user_state", "t_member_points", "t_member_tier", "t_commodity_base_info"),
    *("t_tax_config", "apps", "workflows", "conversations", "provider_credentials"),
    *("dim_date", "dim_time", "dim_channel", "dim_product", "dim_supplier"),
}
"""Tables whose source cannot tell test rows from others, or that have none."""


def is_visible(table: Table, fleet: Fleet) -> Test:
    """Return the test that visible rows of a table pass; LookupError for a table nobody has thought of."""
    tests = [*_own_tests(table.name, fleet), *_tests_of_parents(table, fleet)]
    if bool(tests) is (table.name in EVERY_ROW):
        raise LookupError(f"no reference rule for {table.name}: say what is visible of it")
    return lambda row: all(test(row) for test in tests)


def records(table: Table) -> list[Row]:
    """Return every row as a mapping of column name to value."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _own_tests(name: str, fleet: Fleet) -> list[Test]:
    tests: list[Test] = []
    if name in IN_DOLLARS:
        tests.append(lambda row: row["currency_code"] == "USD")
    if name in OF_US_CUSTOMERS:
        tests.append(lambda row: row["country_code"] == "US")
    if name in FOR_CUSTOMERS:
        tests.append(lambda row: row["audience"] not in {None, "test"})
    if name == "fact_orders":
        tests.append(lambda row: row["is_nzd_test"] is False)
    if column := STORE_COLUMNS.get(name):
        shops = _own_shops(fleet)
        tests.append(lambda row: row[column] in shops)
    return tests


def _own_shops(fleet: Fleet) -> set[object]:
    """Return the ids of the United States' stores that are not test stores."""
    shops = records(fleet.table("aws-luckyus-opshop-rw", "luckyus_opshop", "t_shop_info"))
    return {row["id"] for row in shops if row["country_code"] == "US" and row["is_test"] is False}


def _tests_of_parents(table: Table, fleet: Fleet) -> list[Test]:
    tests: list[Test] = []
    for column, parent_name in BELONGS_TO.get(table.name, ()):
        (parent,) = [each for each in fleet.tables if (each.source, each.name) == (table.source, parent_name)]
        keep = is_visible(parent, fleet)
        keys = {row[column] for row in records(parent) if keep(row)}
        tests.append(lambda row, column=column, keys=keys: row[column] in keys)  # type: ignore[misc]
    return tests
