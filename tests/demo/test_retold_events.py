"""What several databases tell of one event agrees: trades and orders, books and trades, stock and its changes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from lucky_mcp.demo.tables import Fleet

Reader = Callable[[str], list[dict[str, Any]]]


def test_trades_of_an_order_add_up_to_it(records: Reader) -> None:
    paid: dict[int, Decimal] = defaultdict(Decimal)
    for trade in records("t_sales_trade_m"):
        if trade["trade_status"] == "success":
            paid[int(trade["order_id"])] += trade["pay_amount"]
    orders = {row["order_id"]: row for row in records("t_sales_order_m") if row["order_status"] != 99}
    assert paid == {order_id: row["pay_amount"] for order_id, row in orders.items()}


def test_only_successful_trades_cost_a_fee_and_only_cards_show_digits(records: Reader) -> None:
    for trade in records("t_sales_trade_m"):
        assert (trade["channel_fee"] > 0) is (trade["trade_status"] == "success")
        assert (trade["card_last4"] is None) is (trade["card_token"] is None)
        assert trade["card_last4"] is None or re.fullmatch(r"\d{4}", trade["card_last4"])


def test_the_books_hold_every_trade_that_moved_money(records: Reader) -> None:
    booked = {row["trade_serial_no"]: row["amount"] for row in records("t_accounting_entry")}
    signs = {"success": 1, "refund": -1}
    assert booked == {
        row["trade_no"]: row["pay_amount"] * signs[row["trade_status"]]
        for row in records("t_sales_trade_m")
        if row["trade_status"] in signs
    }


def test_balances_run_and_never_fall_below_nothing(records: Reader) -> None:
    balances: dict[tuple[int, str], int] = defaultdict(int)
    for change in records("t_stock_change"):
        key = (change["shop_dept_id"], change["goods_mid"])
        balances[key] += change["quantity_change"]
        assert change["running_balance"] == balances[key] >= 0
    stock = {(row["shop_dept_id"], row["goods_mid"]): row for row in records("t_shop_goods_stock")}
    assert {key: row["stock_quantity"] for key, row in stock.items()} == balances


def test_drinks_take_as_long_as_they_say_and_follow_their_order(records: Reader) -> None:
    placed = {row["order_id"]: row["order_time"] for row in records("t_sales_order_m")}
    for made in records("t_production_order"):
        assert made["end_time"] - made["start_time"] == timedelta(seconds=made["production_time"])
        assert made["start_time"] > placed[made["order_id"]]


def test_drinks_are_made_by_staff_and_machines_of_the_store(records: Reader) -> None:
    staff = {row["employee_id"]: row["shop_id"] for row in records("t_employee")}
    machines = {row["device_mark"]: row["shop_id"] for row in records("t_device")}
    for made in records("t_production_order"):
        assert staff[made["barista_id"]] == machines[made["device_mark"]] == made["shop_id"]


def test_cups_come_from_machines_that_answer(records: Reader) -> None:
    status = {row["device_mark"]: row["device_status"] for row in records("t_device")}
    assert {status[row["device_mark"]] for row in records("t_cup_order")} == {"online"}


def test_coupons_fit_their_status(records: Reader, end: date) -> None:
    orders = {row["order_id"]: row for row in records("t_sales_order_m")}
    registered = {row["user_no"]: row["register_time"] for row in records("t_user")}
    closing = datetime(end.year, end.month, end.day) + timedelta(days=1)
    for coupon in records("t_coupon_record"):
        redeemed = coupon["coupon_status"] == "redeemed"
        assert coupon["expire_time"] - coupon["receive_time"] == timedelta(days=7)
        assert registered[coupon["user_no"]] <= coupon["receive_time"] + timedelta(seconds=1)
        assert [coupon[name] is not None for name in ("redeem_time", "order_id", "discount_amount")] == [
            redeemed
        ] * 3
        if redeemed:
            order = orders[coupon["order_id"]]
            assert (order["user_no"], order["discount_amount"]) == (
                coupon["user_no"],
                coupon["discount_amount"],
            )
            assert coupon["receive_time"] <= order["order_time"] <= coupon["expire_time"]
        else:
            assert (coupon["expire_time"] <= closing) is (coupon["coupon_status"] == "expired")


def test_the_warehouse_retells_the_orders(records: Reader) -> None:
    orders = {row["order_no"]: row for row in records("t_sales_order_m")}
    for fact in records("fact_orders"):
        order = orders[fact["order_no"]]
        assert fact["net_amount"] == order["pay_amount"]
        assert fact["is_nzd_test"] is (order["currency_code"] == "NZD")


def test_predictions_err_by_what_they_say(records: Reader) -> None:
    known = [row for row in records("fact_demand_predictions") if row["actual_quantity"] is not None]
    assert 0 < len(known) < len(records("fact_demand_predictions"))
    assert all(row["prediction_error"] == row["predicted_quantity"] - row["actual_quantity"] for row in known)


def test_the_star_has_ten_facts_and_ten_dimensions(small: Fleet) -> None:
    names = [table.name for table in small.tables if table.schema == "dwh_schema"]
    assert [sum(name.startswith(kind) for name in names) for kind in ("fact_", "dim_")] == [10, 10]


def test_numbers_of_staff_are_no_real_ones(records: Reader) -> None:
    staff = records("t_employee")
    assert len(staff) == len({row["ssn"] for row in staff}) == 324
    assert all(row["ssn"].startswith("000-") for row in staff)
