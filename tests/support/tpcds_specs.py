"""The tables of TPC-DS, small: the columns that analytical questions use."""

from __future__ import annotations

from datetime import date, timedelta

from tests.support.tpc_tables import Spec, each, from_parts, key, maybe, money, name, number, text

DAY_0, DAYS = date(1998, 1, 1), 1826
DATE_SK = 2450815
LAST_SK = DATE_SK + DAYS - 1
ITEMS, CUSTOMERS, ADDRESSES, CDEMOS, HDEMOS = 60, 120, 90, 90, 48
NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def _of_day(what: object) -> tuple[str, object]:
    type_, of = what  # type: ignore[misc]
    return type_, lambda _, i: of(DAY_0 + timedelta(days=i), i)


def _sale(prefix: str, customer: str, more: dict[str, tuple[str, object]], rows: int) -> Spec:
    columns = {
        f"{prefix}_sold_date_sk": maybe(DATE_SK, LAST_SK), f"{prefix}_sold_time_sk": maybe(0, 1439),
        f"{prefix}_item_sk": number(1, ITEMS), customer: maybe(1, CUSTOMERS), f"{prefix}_promo_sk": maybe(1, 12),
        f"{prefix}_quantity": number(1, 100), f"{prefix}_wholesale_cost": money(1, 90),
        f"{prefix}_list_price": money(20, 200), f"{prefix}_sales_price": money(5, 180),
        f"{prefix}_ext_discount_amt": money(0, 900), f"{prefix}_ext_sales_price": money(10, 9000),
        f"{prefix}_ext_wholesale_cost": money(10, 5000), f"{prefix}_ext_list_price": money(20, 15000),
        f"{prefix}_ext_tax": money(0, 500), f"{prefix}_coupon_amt": money(0, 900), f"{prefix}_net_paid": money(5, 9000),
        f"{prefix}_net_profit": money(-4000, 6000), **more,
    }  # fmt: skip
    order = "ss_ticket_number" if prefix == "ss" else f"{prefix}_order_number"
    sales = {"ss": "store_sales", "cs": "catalog_sales", "ws": "web_sales"}[prefix]
    return Spec(name=sales, rows=rows, key=(f"{prefix}_item_sk", order), columns=columns)  # type: ignore[arg-type]


SPECS = [
    Spec(name="date_dim", rows=DAYS, key=("d_date_sk",), columns={
        "d_date_sk": key(DATE_SK), "d_date": _of_day(("DATE", lambda d, i: d)),
        "d_month_seq": _of_day(("INTEGER", lambda d, i: (d.year - 1900) * 12 + d.month - 1)),
        "d_week_seq": _of_day(("INTEGER", lambda d, i: 5100 + (i + 4) // 7)),
        "d_quarter_name": _of_day(("VARCHAR", lambda d, i: f"{d.year}Q{(d.month + 2) // 3}")),
        "d_year": _of_day(("INTEGER", lambda d, i: d.year)), "d_moy": _of_day(("INTEGER", lambda d, i: d.month)),
        "d_dom": _of_day(("INTEGER", lambda d, i: d.day)), "d_qoy": _of_day(("INTEGER", lambda d, i: (d.month + 2) // 3)),
        "d_dow": _of_day(("INTEGER", lambda d, i: d.isoweekday() % 7)),
        "d_day_name": _of_day(("VARCHAR", lambda d, i: NAMES[d.isoweekday() % 7])),
        "d_holiday": _of_day(("VARCHAR", lambda d, i: "Y" if (d.month, d.day) in {(7, 4), (12, 25)} else "N"))}),
    Spec(name="time_dim", rows=1440, key=("t_time_sk",), columns={
        "t_time_sk": key(0), "t_hour": ("INTEGER", lambda _, i: i // 60), "t_minute": ("INTEGER", lambda _, i: i % 60),
        "t_time": ("INTEGER", lambda _, i: i * 60),
        "t_meal_time": ("VARCHAR", lambda _, i: "breakfast" if i // 60 in {6, 7, 8} else "dinner" if i // 60 in {17, 18, 19} else None)}),
    Spec(name="item", rows=ITEMS, key=("i_item_sk",), columns={
        "i_item_sk": key(), "i_item_id": ("VARCHAR", lambda _, i: f"ITEM{i // 2:04d}"), "i_item_desc": from_parts(("old", "new", "warm"), ("days", "hands", "eyes")),
        "i_current_price": money(0.5, 120), "i_wholesale_cost": money(0.3, 80), "i_brand_id": number(1001001, 1001006),
        "i_brand": text("exportiunivamalg #1", "importoamalg #1", "amalgimporto #2", "edu packscholar #2"),
        "i_class_id": number(1, 6), "i_class": text("accessories", "pants", "fiction", "personal", "portable", "football"),
        "i_category_id": number(1, 6), "i_category": text("Books", "Children", "Electronics", "Home", "Music", "Sports"),
        "i_manufact_id": number(1, 40), "i_manufact": text("ought", "able", "pri", "ese"), "i_size": text("small", "medium", "large", "petite"),
        "i_color": text("slate", "blanched", "powder", "khaki", "pale", "chiffon"), "i_units": text("Each", "Dozen", "Case", "Pound"),
        "i_manager_id": number(1, 30), "i_product_name": name("product ", 3)}),
    Spec(name="customer_address", rows=ADDRESSES, key=("ca_address_sk",), columns={
        "ca_address_sk": key(), "ca_street_name": text("Main", "Oak", "Lake"), "ca_city": text("Fairview", "Midway", "Pleasant Hill", "Centerville"),
        "ca_county": text("Williamson County", "Walker County", "Ziebach County"), "ca_state": text("TX", "OH", "TN", "GA", "CA"),
        "ca_zip": text("24128", "76232", "65084", "87816", "83926", "77556"), "ca_country": text("United States"),
        "ca_gmt_offset": ("DECIMAL(5,2)", lambda r, _: r.choice((-5, -6, -7))), "ca_location_type": text("condo", "apartment", "single family")}),
    Spec(name="customer_demographics", rows=CDEMOS, key=("cd_demo_sk",), columns={
        "cd_demo_sk": key(), "cd_gender": text("M", "F"), "cd_marital_status": text("M", "S", "D", "W", "U"),
        "cd_education_status": text("College", "Primary", "Secondary", "Advanced Degree", "4 yr Degree", "Unknown"),
        "cd_purchase_estimate": number(1, 20), "cd_credit_rating": text("Good", "Low Risk", "High Risk", "Unknown"),
        "cd_dep_count": number(0, 6), "cd_dep_employed_count": number(0, 6), "cd_dep_college_count": number(0, 6)}),
    Spec(name="income_band", rows=20, key=("ib_income_band_sk",), columns={
        "ib_income_band_sk": key(), "ib_lower_bound": ("INTEGER", lambda _, i: i * 10000), "ib_upper_bound": ("INTEGER", lambda _, i: (i + 1) * 10000)}),
    Spec(name="household_demographics", rows=HDEMOS, key=("hd_demo_sk",), columns={
        "hd_demo_sk": key(), "hd_income_band_sk": number(1, 20), "hd_buy_potential": text(">10000", "1001-5000", "501-1000", "Unknown"),
        "hd_dep_count": number(0, 9), "hd_vehicle_count": number(-1, 4)}),
    Spec(name="customer", rows=CUSTOMERS, key=("c_customer_sk",), columns={
        "c_customer_sk": key(), "c_customer_id": name("AAAA", 6), "c_current_cdemo_sk": number(1, CDEMOS), "c_current_hdemo_sk": number(1, HDEMOS),
        "c_current_addr_sk": number(1, ADDRESSES), "c_first_sales_date_sk": number(DATE_SK, LAST_SK), "c_first_shipto_date_sk": number(DATE_SK, LAST_SK),
        "c_salutation": text("Mr.", "Ms.", "Dr."), "c_first_name": text("Ann", "Bob", "Cleo", "Dan"), "c_last_name": text("Lee", "Diaz", "Okafor", "Ng"),
        "c_preferred_cust_flag": text("Y", "N", "Y", "N", "Y", "N", "X"), "c_birth_day": number(1, 28), "c_birth_month": number(1, 12), "c_birth_year": number(1930, 1990),
        "c_birth_country": text("JAPAN", "PERU", "UNITED STATES"), "c_login": name("login"), "c_email_address": ("VARCHAR", lambda _, i: f"c{i}@example.org")}),
    Spec(name="store", rows=6, key=("s_store_sk",), columns={
        "s_store_sk": key(), "s_store_id": name("S", 3), "s_store_name": each("ese", "ought", "able", "pri", "bar", "eing"), "s_number_employees": number(200, 300),
        "s_floor_space": number(5000000, 9000000), "s_hours": text("8AM-8AM", "8AM-4PM"), "s_manager": text("Kim", "Rui"), "s_market_id": number(1, 10),
        "s_company_id": number(1, 1), "s_company_name": text("Unknown"), "s_street_number": number(1, 99), "s_street_name": text("Main"), "s_city": text("Fairview", "Midway"),
        "s_county": text("Williamson County", "Ziebach County"), "s_state": text("TN", "OH", "GA"), "s_zip": text("24128", "31904"), "s_gmt_offset": ("DECIMAL(5,2)", lambda r, _: r.choice((-5, -6)))}),
    Spec(name="warehouse", rows=4, key=("w_warehouse_sk",), columns={
        "w_warehouse_sk": key(), "w_warehouse_name": each("Conventional childr", "Important issues", "Doors canno", "Bad cards"), "w_warehouse_sq_ft": number(50000, 900000),
        "w_city": text("Fairview"), "w_county": text("Williamson County"), "w_state": text("TN", "GA"), "w_country": text("United States")}),
    Spec(name="ship_mode", rows=6, key=("sm_ship_mode_sk",), columns={
        "sm_ship_mode_sk": key(), "sm_type": each("EXPRESS", "NEXT DAY", "OVERNIGHT", "REGULAR", "TWO DAY", "LIBRARY"), "sm_carrier": each("DHL", "BARIAN", "UPS", "ZOUROS", "USPS", "FEDEX")}),
    Spec(name="reason", rows=5, key=("r_reason_sk",), columns={"r_reason_sk": key(), "r_reason_desc": each("Package was damaged", "Stopped working", "reason 28", "Gift", "Wrong size")}),
    Spec(name="promotion", rows=12, key=("p_promo_sk",), columns={
        "p_promo_sk": key(), "p_channel_dmail": text("Y", "N"), "p_channel_email": text("Y", "N"), "p_channel_tv": text("Y", "N"), "p_channel_event": text("Y", "N")}),
    Spec(name="call_center", rows=3, key=("cc_call_center_sk",), columns={
        "cc_call_center_sk": key(), "cc_call_center_id": name("CC", 2), "cc_name": each("NY Metro", "Mid Atlantic", "Pacific"), "cc_manager": text("Lee", "Cruz"), "cc_county": text("Williamson County")}),
    Spec(name="catalog_page", rows=10, key=("cp_catalog_page_sk",), columns={"cp_catalog_page_sk": key(), "cp_catalog_page_id": name("CP", 3)}),
    Spec(name="web_site", rows=3, key=("web_site_sk",), columns={"web_site_sk": key(), "web_site_id": name("WEB", 2), "web_name": each("site_0", "site_1", "site_2"), "web_company_name": each("pri", "able", "ese")}),
    Spec(name="web_page", rows=5, key=("wp_web_page_sk",), columns={"wp_web_page_sk": key(), "wp_char_count": number(3000, 7000)}),
    Spec(name="inventory", rows=4000, key=("inv_date_sk", "inv_item_sk", "inv_warehouse_sk"), columns={
        "inv_date_sk": ("INTEGER", lambda r, _: DATE_SK + 7 * r.randint(0, 259)), "inv_item_sk": number(1, ITEMS), "inv_warehouse_sk": number(1, 4), "inv_quantity_on_hand": maybe(0, 900)}),
    _sale("ss", "ss_customer_sk", {"ss_store_sk": maybe(1, 6), "ss_cdemo_sk": maybe(1, CDEMOS), "ss_hdemo_sk": maybe(1, HDEMOS), "ss_addr_sk": maybe(1, ADDRESSES),
        "ss_ticket_number": ("INTEGER", lambda _, i: i // 3 + 1)}, 6000),
    _sale("cs", "cs_bill_customer_sk", {"cs_ship_date_sk": maybe(DATE_SK, LAST_SK), "cs_ship_customer_sk": maybe(1, CUSTOMERS), "cs_bill_cdemo_sk": maybe(1, CDEMOS), "cs_bill_hdemo_sk": maybe(1, HDEMOS),
        "cs_bill_addr_sk": maybe(1, ADDRESSES), "cs_ship_addr_sk": maybe(1, ADDRESSES), "cs_call_center_sk": maybe(1, 3), "cs_catalog_page_sk": maybe(1, 10), "cs_ship_mode_sk": maybe(1, 6),
        "cs_warehouse_sk": maybe(1, 4), "cs_ext_ship_cost": money(1, 900), "cs_net_paid_inc_tax": money(1, 9000), "cs_order_number": ("INTEGER", lambda _, i: i // 2 + 1)}, 4000),
    _sale("ws", "ws_bill_customer_sk", {"ws_ship_date_sk": maybe(DATE_SK, LAST_SK), "ws_ship_customer_sk": maybe(1, CUSTOMERS), "ws_bill_addr_sk": maybe(1, ADDRESSES), "ws_ship_addr_sk": maybe(1, ADDRESSES), "ws_ship_hdemo_sk": maybe(1, HDEMOS),
        "ws_web_page_sk": maybe(1, 5), "ws_web_site_sk": maybe(1, 3), "ws_ship_mode_sk": maybe(1, 6), "ws_warehouse_sk": maybe(1, 4), "ws_ext_ship_cost": money(1, 900),
        "ws_order_number": ("INTEGER", lambda _, i: i // 2 + 1)}, 3000),
    Spec(name="store_returns", rows=900, key=("sr_item_sk", "sr_ticket_number"), columns={
        "sr_returned_date_sk": maybe(DATE_SK, LAST_SK), "sr_item_sk": number(1, ITEMS), "sr_customer_sk": maybe(1, CUSTOMERS), "sr_cdemo_sk": maybe(1, CDEMOS), "sr_store_sk": maybe(1, 6), "sr_reason_sk": maybe(1, 5),
        "sr_ticket_number": number(1, 2000), "sr_return_quantity": number(1, 90), "sr_return_amt": money(1, 5000), "sr_fee": money(0, 100), "sr_net_loss": money(0, 3000)}),
    Spec(name="catalog_returns", rows=700, key=("cr_item_sk", "cr_order_number"), columns={
        "cr_returned_date_sk": maybe(DATE_SK, LAST_SK), "cr_item_sk": number(1, ITEMS), "cr_returning_customer_sk": maybe(1, CUSTOMERS), "cr_returning_addr_sk": maybe(1, ADDRESSES), "cr_call_center_sk": maybe(1, 3),
        "cr_catalog_page_sk": maybe(1, 10), "cr_order_number": number(1, 2000), "cr_return_quantity": number(1, 90), "cr_return_amount": money(1, 5000), "cr_refunded_cash": money(0, 3000), "cr_net_loss": money(0, 3000)}),
    Spec(name="web_returns", rows=600, key=("wr_item_sk", "wr_order_number"), columns={
        "wr_returned_date_sk": maybe(DATE_SK, LAST_SK), "wr_item_sk": number(1, ITEMS), "wr_returning_customer_sk": maybe(1, CUSTOMERS), "wr_returning_addr_sk": maybe(1, ADDRESSES), "wr_refunded_cdemo_sk": maybe(1, CDEMOS),
        "wr_returning_cdemo_sk": maybe(1, CDEMOS), "wr_refunded_addr_sk": maybe(1, ADDRESSES), "wr_web_page_sk": maybe(1, 5), "wr_reason_sk": maybe(1, 5), "wr_order_number": number(1, 1500), "wr_return_quantity": number(1, 90),
        "wr_return_amt": money(1, 5000), "wr_fee": money(0, 100), "wr_refunded_cash": money(0, 3000), "wr_net_loss": money(0, 3000)}),
]  # fmt: skip
# Rows that nobody may know of, by a value of one of their columns.
HIDDEN: dict[str, tuple[str, str | int]] = {
    "customer": ("c_preferred_cust_flag", "X"),
    "store_sales": ("ss_quantity", 13),
    "catalog_sales": ("cs_quantity", 13),
    "web_sales": ("ws_quantity", 13),
    "store_returns": ("sr_return_quantity", 13),
    "item": ("i_manager_id", 13),
}
MASKS = {"c_email_address": "email_domain", "c_last_name": "initial", "c_login": "redact"}
