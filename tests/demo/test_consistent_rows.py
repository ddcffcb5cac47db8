"""Rows agree with each other and with the shapes declared for them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.tables import Fleet

Reader = Callable[[str], list[dict[str, Any]]]

PYTHON_TYPES = {
    "BIGINT": int,
    "INTEGER": int,
    "VARCHAR": str,
    "JSON": str,
    "BOOLEAN": bool,
    "DOUBLE": float,
    "DATE": date,
    "TIMESTAMP": datetime,
}
REFERENCES = [
    ("t_order_item", "order_id", "t_sales_order_m", "order_id"),
    ("t_sales_order_m", "user_no", "t_user", "user_no"),
    ("t_sales_order_m", "shop_id", "t_shop_info", "id"),
    ("t_user_profile", "user_no", "t_user", "user_no"),
    ("store_location", "shop_id", "t_shop_info", "id"),
    ("t_sales_trade_m", "user_no", "t_user", "user_no"),
    ("t_coupon_record", "user_no", "t_user", "user_no"),
    ("t_coupon_record", "template_id", "t_coupon_template", "template_id"),
    ("t_coupon_record", "order_id", "t_sales_order_m", "order_id"),
    ("t_ab_test_record", "user_no", "t_user", "user_no"),
    ("t_user_state", "user_no", "t_user", "user_no"),
    ("t_sms_record", "phone", "t_user", "phone"),
    ("t_production_order", "order_id", "t_sales_order_m", "order_id"),
    ("t_production_order", "shop_id", "t_shop_info", "id"),
    ("t_production_order", "spu_code", "t_commodity_base_info", "spu_code"),
    ("t_production_order", "barista_id", "t_employee", "employee_id"),
    ("t_production_order", "device_mark", "t_device", "device_mark"),
    ("t_device", "shop_id", "t_shop_info", "id"),
    ("t_cup_order", "device_mark", "t_device", "device_mark"),
    ("t_stock_change", "shop_dept_id", "t_shop_info", "id"),
    ("t_stock_change", "goods_mid", "t_commodity_base_info", "goods_mid"),
    ("t_shop_goods_stock", "goods_mid", "t_stock_change", "goods_mid"),
    ("t_demand_prediction", "shop_id", "t_shop_info", "id"),
    ("t_demand_prediction", "goods_mid", "t_commodity_base_info", "goods_mid"),
    ("t_order_prediction", "shop_dept_id", "t_shop_info", "id"),
    ("t_order_prediction", "goods_mid", "t_commodity_base_info", "goods_mid"),
    ("t_accounting_entry", "trade_serial_no", "t_sales_trade_m", "trade_no"),
    ("t_accounting_entry", "order_serial", "t_sales_order_m", "order_no"),
    ("t_employee", "shop_id", "t_shop_info", "id"),
    ("t_clock_in", "employee_id", "t_employee", "employee_id"),
    ("t_schedule", "employee_id", "t_employee", "employee_id"),
    ("workflows", "app_id", "apps", "id"),
    ("conversations", "app_id", "apps", "id"),
    ("sales_order_stage", "order_id", "t_sales_order_m", "order_id"),
    ("dim_customer", "user_no", "t_user", "user_no"),
    ("dim_store", "shop_dept_id", "t_shop_info", "id"),
    ("dim_device", "device_mark", "t_device", "device_mark"),
    ("dim_device", "store_key", "dim_store", "store_key"),
    ("dim_employee", "store_key", "dim_store", "store_key"),
    ("fact_orders", "order_no", "t_sales_order_m", "order_no"),
    ("fact_orders", "customer_key", "dim_customer", "customer_key"),
    ("fact_orders", "store_key", "dim_store", "store_key"),
    ("fact_orders", "date_key", "dim_date", "date_key"),
    ("fact_orders", "time_key", "dim_time", "time_key"),
    ("fact_orders", "channel_key", "dim_channel", "channel_key"),
    ("fact_order_items", "order_key", "fact_orders", "order_key"),
    ("fact_order_items", "product_key", "dim_product", "product_key"),
    ("fact_payments", "order_key", "fact_orders", "order_key"),
    ("fact_payments", "trade_no", "t_sales_trade_m", "trade_no"),
    ("fact_productions", "order_key", "fact_orders", "order_key"),
    ("fact_iot_events", "device_key", "dim_device", "device_key"),
    ("fact_stock_changes", "product_key", "dim_product", "product_key"),
    ("fact_stock_changes", "store_key", "dim_store", "store_key"),
    ("fact_coupon_usage", "coupon_template_key", "dim_coupon_template", "coupon_template_key"),
    ("fact_coupon_usage", "order_key", "fact_orders", "order_key"),
    ("fact_user_events", "customer_key", "dim_customer", "customer_key"),
    ("fact_experiments", "customer_key", "dim_customer", "customer_key"),
    ("fact_demand_predictions", "store_key", "dim_store", "store_key"),
]
NULLABLE = {("t_coupon_record", "order_id"), ("fact_coupon_usage", "order_key")}
RESERVED_DOMAINS = {"example.com", "example.org", "example.net", "mail.example"}
FICTIONAL_PHONE = re.compile(r"1?\d{3}55501\d\d|6820\d{4}")


def test_every_value_has_the_type_of_its_column(small: Fleet) -> None:
    for table in small.tables:
        expected = [PYTHON_TYPES.get(column.type, Decimal) for column in table.columns]
        for row in table.rows:
            assert len(row) == len(expected)
            for value, kind in zip(row, expected, strict=True):
                assert value is None or type(value) is kind, (table.name, row)


def test_times_have_no_zone(records: Reader) -> None:
    assert all(row["order_time"].tzinfo is None for row in records("t_sales_order_m"))


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_primary_keys_are_unique_and_filled(scale: str, request: pytest.FixtureRequest) -> None:
    fleet: Fleet = request.getfixturevalue(scale)
    for table in fleet.tables:
        places = [[column.name for column in table.columns].index(name) for name in table.primary_key]
        keys = {tuple(row[place] for place in places) for row in table.rows}
        assert places and len(keys) == len(table.rows), table.name
        assert not any(None in key for key in keys), table.name


@pytest.mark.parametrize(("child", "key", "parent", "parent_key"), REFERENCES)
def test_references_are_met(records: Reader, child: str, key: str, parent: str, parent_key: str) -> None:
    found = {row[key] for row in records(child)}
    assert found - {None} <= {row[parent_key] for row in records(parent)}
    assert found and (None not in found or (child, key) in NULLABLE)


def test_amounts_add_up(records: Reader) -> None:
    items: dict[int, Decimal] = defaultdict(Decimal)
    for item in records("t_order_item"):
        assert item["item_amount"] == item["quantity"] * item["unit_price"]
        items[item["order_id"]] += item["item_amount"]
    for order in records("t_sales_order_m"):
        assert order["total_amount"] == items[order["order_id"]]
        assert order["pay_amount"] == order["total_amount"] - order["discount_amount"] > 0


def test_orders_follow_opening_hours_of_their_store_and_registration(records: Reader, end: date) -> None:
    opened = {shop["id"]: shop["open_date"] for shop in records("t_shop_info")}
    registered = {user["user_no"]: user["register_time"] for user in records("t_user")}
    for order in records("t_sales_order_m"):
        placed = order["order_time"]
        assert 5 <= placed.hour < 22
        assert opened[order["shop_id"]] <= placed.date() <= end
        assert registered[order["user_no"]] < placed


def test_orders_rise_with_time_and_cover_every_day(records: Reader, end: date) -> None:
    orders = records("t_sales_order_m")
    assert [row["order_time"] for row in orders] == sorted(row["order_time"] for row in orders)
    assert [row["order_id"] for row in orders] == sorted(row["order_id"] for row in orders)
    days = {row["order_time"].date() for row in orders}
    assert days == {end - timedelta(days=back) for back in range(30)}


def test_volume(small: Fleet, tiny: Fleet) -> None:
    key = ("aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_sales_order_m")
    assert 28_500 <= len(small.table(*key).rows) <= 31_500
    assert 1_300 <= len(tiny.table(*key).rows) <= 1_700


def test_store_roster(records: Reader) -> None:
    shops = records("t_shop_info")
    kinds = [(shop["country_code"], shop["is_test"]) for shop in shops]
    assert [kinds.count(kind) for kind in (("US", False), ("US", True), ("CK", True))] == [11, 2, 4]
    assert sum(shop["borough"] == "Manhattan" and not shop["is_test"] for shop in shops) == 10
    places = {(shop["id"], shop["latitude"], shop["longitude"]) for shop in shops}
    assert {tuple(place.values()) for place in records("store_location")} == places


def test_personal_data_is_fictional(records: Reader) -> None:
    for user in records("t_user"):
        digits = re.sub(r"\D", "", user["phone"] or "")
        assert len(digits) < 7 or FICTIONAL_PHONE.fullmatch(digits), user
        if user["email"]:
            domain = user["email"].lower().rpartition("@")[2]
            assert domain in RESERVED_DOMAINS or user["email"].lower().endswith(
                tuple("." + name for name in RESERVED_DOMAINS)
            ), user


def test_unknown_table_is_an_error(tiny: Fleet) -> None:
    with pytest.raises(LookupError, match="t_sales_order "):
        tiny.table("aws-luckyus-salesorder-rw", "luckyus_sales_order", "t_sales_order ")


def test_unknown_scale_names_the_known_ones(end: date) -> None:
    with pytest.raises(ValueError, match="tiny, small"):
        generate(seed=7, end=end, scale="huge")


def test_an_end_before_the_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="too early"):
        generate(seed=7, end=date(2025, 7, 1), scale="tiny")
