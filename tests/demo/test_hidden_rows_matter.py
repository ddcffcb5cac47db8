"""Questions whose answer is wrong when test data is left in: else a missing filter could go unnoticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

Reader = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def trading(records: Reader) -> set[int]:
    return {
        shop["id"] for shop in records("t_shop_info") if shop["country_code"] == "US" and not shop["is_test"]
    }


def test_revenue_by_store(records: Reader, trading: set[int]) -> None:
    everywhere: Counter[int] = Counter()
    for row in records("t_sales_order_m"):
        everywhere[row["shop_id"]] += row["pay_amount"]
    honest = Counter({shop: amount for shop, amount in everywhere.items() if shop in trading})
    assert everywhere.most_common(1)[0][0] not in trading
    assert len(honest) == 11 and len(everywhere) == 17
    assert sum(everywhere.values()) > sum(honest.values()) * 5 / 4


def test_currency_alone_does_not_remove_the_test_stores(records: Reader, trading: set[int]) -> None:
    in_dollars = {row["shop_id"] for row in records("t_sales_order_m") if row["currency_code"] == "USD"}
    assert in_dollars - trading == {10_901, 10_902}


def test_best_selling_products(records: Reader, trading: set[int]) -> None:
    shop_of = {row["order_id"]: row["shop_id"] for row in records("t_sales_order_m")}
    everywhere, honest, among_tests = Counter[str](), Counter[str](), Counter[str]()
    for row in records("t_order_item"):
        everywhere[row["product_name"]] += row["quantity"]
        group = honest if shop_of[row["order_id"]] in trading else among_tests
        group[row["product_name"]] += row["quantity"]
    favourite = among_tests.most_common(1)[0][0]
    assert everywhere.most_common(1)[0][0] == favourite
    assert favourite not in [name for name, _ in honest.most_common(10)]


def test_revenue_by_product_name_hides_the_untranslated(records: Reader) -> None:
    names: dict[str, set[str]] = {}
    for row in records("t_order_item"):
        names.setdefault(row["spu_code"], set()).add(row["product_name"])
    assert sum(not any(name.isascii() for name in shown) for shown in names.values()) == 4


def test_accounts_by_country(records: Reader) -> None:
    countries = Counter(user["country_code"] for user in records("t_user"))
    assert set(countries) == {"US", "CK"}
    assert countries["CK"] > 100


def test_orders_and_accounts_disagree_about_the_market(records: Reader) -> None:
    """Filtering orders by the account's market alone would let test orders through."""
    us_accounts = {user["user_no"] for user in records("t_user") if user["country_code"] == "US"}
    leaked = [
        row
        for row in records("t_sales_order_m")
        if row["currency_code"] == "NZD" and row["user_no"] in us_accounts
    ]
    assert len(leaked) > 20


def test_cups_cost_more_in_numbers_in_nzd(records: Reader) -> None:
    currency = {row["order_id"]: row["currency_code"] for row in records("t_sales_order_m")}
    prices: dict[str, dict[str, Any]] = {"USD": {}, "NZD": {}}
    for row in records("t_order_item"):
        prices[currency[row["order_id"]]][row["spu_code"]] = row["unit_price"]
    assert prices["NZD"]
    assert all(6 <= price <= 12 and price > prices["USD"][spu] for spu, price in prices["NZD"].items())
