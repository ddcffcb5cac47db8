"""For every data problem a question asked twice: as one who does not know of it, and as one who does.

The answers differ, else the problem would be there in name only. Queries run over the written files of the
small fleet, each attached under its short name.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from lucky_mcp.demo.roster import DIALECTS, SOURCES
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.demo.write_duckdb import write_fleet

ORDERS = "salesorder.luckyus_sales_order.t_sales_order_m"
ITEMS = "salesorder.luckyus_sales_order.t_order_item"
TRADES = "salespayment.luckyus_sales_payment.t_sales_trade_m"
SHOPS = "opshop.luckyus_opshop.t_shop_info"
OWN_SHOPS = f"(SELECT id FROM {SHOPS} WHERE country_code = 'US' AND NOT is_test)"
USERS = "salescrm.luckyus_sales_crm.t_user"
COUPONS = "salesmarketing.luckyus_sales_marketing.t_coupon_record"
TEMPLATES = "salesmarketing.luckyus_sales_marketing.t_coupon_template"
GOODS = "scmcommodity.luckyus_scm_commodity.t_commodity_base_info"
STOCK = "scm_shopstock.luckyus_scm_shopstock.t_stock_change"
PLAN = "scm_plan.luckyus_scm_plan.t_demand_prediction"
REPLENISH = "ireplenishment.luckyus_ireplenishment.t_order_prediction"
BOOKS = "ifiaccounting.luckyus_fi_accounting.t_accounting_entry"
DEVICES = "iotplatform.luckyus_iot_platform.t_device"
CUPS = "iotplatform.luckyus_iot_platform.t_cup_order"
DRINKS = "opproduction.luckyus_opproduction.t_production_order"
STATES = "isalescdp.luckyus_sales_cdp.t_user_state"
MART = "redshift.mart_schema"
CONTACT = r"'555.?01\d\d|@'"

PAIRS: list[tuple[str, str, str]] = [
    (
        "NZD orders: revenue",
        f"SELECT sum(pay_amount) FROM {ORDERS} WHERE order_status = 90",
        f"SELECT sum(pay_amount) FROM {ORDERS} WHERE order_status = 90 AND currency_code = 'USD'",
    ),
    (
        "NZD orders: the best store of the warehouse",
        f"SELECT store_name FROM {MART}.mart_daily_store_revenue GROUP BY 1 ORDER BY sum(revenue) DESC LIMIT 1",
        f"SELECT store_name FROM {MART}.mart_daily_store_revenue WHERE shop_dept_id IN {OWN_SHOPS} "
        "GROUP BY 1 ORDER BY sum(revenue) DESC LIMIT 1",
    ),
    (
        "test accounts in the warehouse: customers",
        f"SELECT sum(customers) FROM {MART}.mart_customer_health",
        f"SELECT sum(customers) FROM {MART}.mart_customer_health WHERE country_code = 'US'",
    ),
    (
        "test stores in the warehouse: what sells best",
        f"SELECT product_name FROM {MART}.mart_product_mix GROUP BY 1 ORDER BY sum(pieces) DESC LIMIT 1",
        f"SELECT product_name FROM {MART}.mart_product_mix WHERE shop_dept_id IN {OWN_SHOPS} "
        "GROUP BY 1 ORDER BY sum(pieces) DESC LIMIT 1",
    ),
    (
        "NJ Test Kitchen and IQA2: revenue in dollars",
        f"SELECT sum(pay_amount) FROM {ORDERS} WHERE order_status = 90 AND currency_code = 'USD'",
        f"SELECT sum(pay_amount) FROM {ORDERS} WHERE order_status = 90 AND shop_id IN {OWN_SHOPS}",
    ),
    (
        "trades know the currency only: a test store's dollars stay in",
        f"SELECT sum(pay_amount) FROM {TRADES} WHERE currency_code = 'USD' AND trade_status = 'success'",
        f"SELECT sum(pay_amount) FROM {TRADES} WHERE trade_status = 'success' AND CAST(order_id AS BIGINT) IN "
        f"(SELECT order_id FROM {ORDERS} WHERE shop_id IN {OWN_SHOPS})",
    ),
    (
        "IQA2 test coupons: share redeemed",
        f"SELECT round(avg(CAST(coupon_status = 'redeemed' AS INT)), 5) FROM {COUPONS}",
        f"SELECT round(avg(CAST(coupon_status = 'redeemed' AS INT)), 5) FROM {COUPONS} "
        f"WHERE template_id IN (SELECT template_id FROM {TEMPLATES} WHERE audience <> 'test')",
    ),
    (
        "empty shop names: orders of a store",
        f"SELECT count(*) FROM {ORDERS} WHERE shop_name = '28th & 6th'",
        f"SELECT count(*) FROM {ORDERS} WHERE shop_id = (SELECT id FROM {SHOPS} WHERE shop_name = '28th & 6th')",
    ),
    (
        "order_id is text in payments: orders that were paid",
        f"SELECT count(DISTINCT o.order_id) FROM {ORDERS} o JOIN {TRADES} t ON CAST(o.order_id AS VARCHAR) = t.order_id",
        f"SELECT count(DISTINCT o.order_id) FROM {ORDERS} o JOIN {TRADES} t ON o.order_id = CAST(t.order_id AS BIGINT)",
    ),
    (
        "order_id is text at the machines: orders seen there",
        f"SELECT count(DISTINCT o.order_id) FROM {ORDERS} o JOIN {CUPS} c ON CAST(o.order_id AS VARCHAR) = c.order_id",
        f"SELECT count(DISTINCT o.order_id) FROM {ORDERS} o JOIN {CUPS} c ON o.order_id = CAST(c.order_id AS BIGINT)",
    ),
    (
        "trade_serial_no is trade_no: the books joined by the order count split payments twice",
        f"SELECT sum(b.amount) FROM {BOOKS} b JOIN {ORDERS} o ON o.order_no = b.order_serial "
        f"JOIN {TRADES} t ON CAST(t.order_id AS BIGINT) = o.order_id",
        f"SELECT sum(b.amount) FROM {BOOKS} b JOIN {TRADES} t ON t.trade_no = b.trade_serial_no",
    ),
    (
        "shop_dept_id is shop_id: sales from stock",
        f"SELECT sum(quantity_change) FROM {STOCK} WHERE change_type = 'sale'",
        f"SELECT sum(quantity_change) FROM {STOCK} WHERE change_type = 'sale' AND shop_dept_id IN {OWN_SHOPS}",
    ),
    (
        "shop_id and shop_dept_id: stores that are planned for",
        f"SELECT count(DISTINCT p.shop_id) FROM {PLAN} p",
        f"SELECT count(DISTINCT p.shop_id) FROM {PLAN} p JOIN {REPLENISH} r ON r.shop_dept_id = p.shop_id "
        f"WHERE p.shop_id IN {OWN_SHOPS}",
    ),
    (
        "Chinese-only names: sales by English name",
        f"SELECT sum(i.item_amount) FROM {ITEMS} i JOIN {GOODS} g ON g.name_en = i.product_name",
        f"SELECT sum(i.item_amount) FROM {ITEMS} i JOIN {GOODS} g ON g.spu_code = i.spu_code",
    ),
    (
        "names never translated: number of articles",
        f"SELECT count(name_en) FROM {GOODS}",
        f"SELECT count(*) FROM {GOODS}",
    ),
    (
        "more payments than orders: orders counted by their trades",
        f"SELECT count(*) FROM {TRADES}",
        f"SELECT count(*) FROM {ORDERS} WHERE order_status = 90",
    ),
    (
        "refunds and failed attempts have positive amounts: money received",
        f"SELECT sum(pay_amount) FROM {TRADES}",
        "SELECT sum(CASE trade_status WHEN 'success' THEN pay_amount WHEN 'refund' THEN -pay_amount ELSE 0 END) "
        f"FROM {TRADES}",
    ),
    (
        "cancelled orders show what would have been due: revenue",
        f"SELECT sum(pay_amount) FROM {ORDERS}",
        f"SELECT sum(pay_amount) FROM {ORDERS} WHERE order_status = 90",
    ),
    (
        "tax is never filled: orders with their tax",
        f"SELECT count(*) FROM {ORDERS} o JOIN fitax.fi_tax.t_tax_record t ON t.order_id = o.order_id",
        f"SELECT count(*) FROM {ORDERS} o LEFT JOIN fitax.fi_tax.t_tax_record t ON t.order_id = o.order_id",
    ),
    (
        "no member ever got points: customers with their points",
        f"SELECT count(*) FROM {USERS} u "
        "JOIN isalesmembermarketing.luckyus_member_marketing.t_member_points p ON p.user_no = u.user_no",
        f"SELECT count(*) FROM {USERS} u "
        "LEFT JOIN isalesmembermarketing.luckyus_member_marketing.t_member_points p ON p.user_no = u.user_no",
    ),
    (
        "expired coupons: coupons that can be used",
        f"SELECT count(*) FROM {COUPONS} WHERE redeem_time IS NULL",
        f"SELECT count(*) FROM {COUPONS} WHERE coupon_status = 'active'",
    ),
    (
        "the student coupon never worked: templates and their redemptions",
        f"SELECT count(DISTINCT template_id) FROM {COUPONS} WHERE coupon_status = 'redeemed'",
        f"SELECT count(*) FROM {TEMPLATES} t WHERE EXISTS "
        f"(SELECT 1 FROM {COUPONS} c WHERE c.template_id = t.template_id)",
    ),
    (
        "several states for each account: lapsed accounts",
        f"SELECT count(*) FROM {STATES} WHERE user_state = 3",
        f"SELECT count(*) FROM (SELECT arg_max(user_state, update_time) AS latest FROM {STATES} GROUP BY user_no) "
        "WHERE latest = 3",
    ),
    (
        "offline devices: machines to count on",
        f"SELECT count(*) FROM {DEVICES}",
        f"SELECT count(*) FROM {DEVICES} WHERE device_status = 'online'",
    ),
    (
        "offline devices: drinks made",
        f"SELECT count(DISTINCT CAST(order_id AS BIGINT)) FROM {CUPS}",
        f"SELECT count(DISTINCT order_id) FROM {DRINKS}",
    ),
    (
        "personal data in remarks",
        f"SELECT count(*) FROM {ORDERS} WHERE regexp_matches(remark, {CONTACT})",
        f"SELECT count(*) FROM (SELECT regexp_replace(remark, {CONTACT}, '', 'g') AS remark FROM {ORDERS}) "
        f"WHERE regexp_matches(remark, {CONTACT})",
    ),
    (
        "personal data in messages",
        "SELECT count(*) FROM upush.luckyus_upush.t_sms_record WHERE content NOT LIKE '%code is%'",
        "SELECT count(*) FROM upush.luckyus_upush.t_sms_record WHERE content NOT LIKE '%code is%' "
        f"AND NOT regexp_matches(content, {CONTACT})",
    ),
    (
        "one store stopped on the last day: all stores together hardly show it",
        f"SELECT round(sum(pay_amount) FILTER (order_time::DATE = '2026-02-14') / "
        f"sum(pay_amount) FILTER (order_time::DATE = '2026-02-07'), 1) FROM {ORDERS} WHERE shop_id IN {OWN_SHOPS}",
        f"SELECT round(sum(pay_amount) FILTER (order_time::DATE = '2026-02-14') / "
        f"sum(pay_amount) FILTER (order_time::DATE = '2026-02-07'), 1) FROM {ORDERS} WHERE shop_id = 10005",
    ),
]


@pytest.fixture(scope="module")
def fleet(small: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("problems")
    write_fleet(small, folder, dialects=DIALECTS)
    with duckdb.connect() as connection:
        for source in SOURCES:
            short = source.name.removeprefix("aws-luckyus-").removesuffix("-rw").replace("-", "_")
            connection.execute(f"ATTACH '{folder / source.name}.duckdb' AS {short} (READ_ONLY)")
        yield connection


@pytest.mark.parametrize(("naive", "knowing"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS])
def test_ignoring_the_problem_changes_the_answer(
    fleet: duckdb.DuckDBPyConnection, naive: str, knowing: str
) -> None:
    answers = [fleet.execute(sql).fetchall() for sql in (naive, knowing)]
    assert all(len(answer) == 1 and answer[0][0] is not None for answer in answers), answers
    assert answers[0] != answers[1]


def test_every_source_with_rows_has_a_pair() -> None:
    texts = " ".join(naive + knowing for _, naive, knowing in PAIRS)
    without = {
        source.name
        for source in SOURCES
        if source.name.removeprefix("aws-luckyus-").removesuffix("-rw").replace("-", "_") + "." not in texts
    }
    # Staff, the AI platform and the map have no problem of their own.
    assert without == {
        "aws-luckyus-opempefficiency-rw",
        "aws-luckyus-iehr-rw",
        "aws-luckyus-dify-rw",
        "aws-luckyus-pgilkmap-rw",
    }
