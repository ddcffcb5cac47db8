"""The tables of TPC-H, small."""

from __future__ import annotations

import random
from datetime import date, timedelta

from tests.support.tpc_tables import Spec, day, each, from_parts, key, money, name, number, sentence, text

FIRST, LAST = date(1992, 1, 1), date(1998, 8, 2)
NATIONS = (
    ("ALGERIA", 0), ("ARGENTINA", 1), ("BRAZIL", 1), ("CANADA", 1), ("EGYPT", 4), ("ETHIOPIA", 0), ("FRANCE", 3),
    ("GERMANY", 3), ("INDIA", 2), ("INDONESIA", 2), ("IRAN", 4), ("IRAQ", 4), ("JAPAN", 2), ("JORDAN", 4), ("KENYA", 0),
    ("MOROCCO", 0), ("MOZAMBIQUE", 0), ("PERU", 1), ("CHINA", 2), ("ROMANIA", 3), ("SAUDI ARABIA", 4), ("VIETNAM", 2),
    ("RUSSIA", 3), ("UNITED KINGDOM", 3), ("UNITED STATES", 1),
)  # fmt: skip
REGIONS = ("AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST")
TYPES = (
    ("STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"),
    ("ANODIZED", "BURNISHED", "PLATED", "POLISHED"),
)
TYPES += (("TIN", "NICKEL", "BRASS", "STEEL", "COPPER"),)
SUPPLIERS, CUSTOMERS, PARTS, ORDERS = 25, 80, 60, 600


def _phone(chance: random.Random, _: int) -> str:
    digits = [chance.randint(100, 999), chance.randint(100, 999), chance.randint(1000, 9999)]
    return f"{chance.randint(10, 34)}-{digits[0]}-{digits[1]}-{digits[2]}"


SHIP: dict[int, date] = {}


def _ship(chance: random.Random, index: int) -> date:
    SHIP[index] = FIRST + timedelta(days=chance.randint(0, 2400))
    return SHIP[index]


def _after(low: int, high: int) -> tuple[str, object]:
    return "DATE", lambda chance, index: SHIP[index] + timedelta(days=chance.randint(low, high))


SPECS = [
    Spec(name="region", rows=5, key=("r_regionkey",), columns={
        "r_regionkey": key(0), "r_name": each(*REGIONS), "r_comment": sentence()}),
    Spec(name="nation", rows=25, key=("n_nationkey",), columns={
        "n_nationkey": key(0), "n_name": each(*(n for n, _ in NATIONS)),
        "n_regionkey": ("INTEGER", lambda _, i: NATIONS[i][1]), "n_comment": sentence()}),
    Spec(name="supplier", rows=SUPPLIERS, key=("s_suppkey",), columns={
        "s_suppkey": key(), "s_name": name("Supplier#"), "s_address": name("Street ", 3), "s_nationkey": number(0, 24),
        "s_phone": ("VARCHAR", _phone), "s_acctbal": money(-999, 9999), "s_comment": sentence("Customer Complaints", "", "")}),
    Spec(name="customer", rows=CUSTOMERS, key=("c_custkey",), columns={
        "c_custkey": key(), "c_name": name("Customer#"), "c_address": name("Road ", 3), "c_nationkey": number(0, 24),
        "c_phone": ("VARCHAR", _phone), "c_acctbal": money(-999, 9999),
        "c_mktsegment": text("AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY", "WITHHELD"),
        "c_comment": sentence()}),
    Spec(name="part", rows=PARTS, key=("p_partkey",), columns={
        "p_partkey": key(), "p_name": from_parts(("green", "forest", "almond", "lace"), ("blush", "ivory", "tan")),
        "p_mfgr": text("Manufacturer#1", "Manufacturer#2", "Manufacturer#3"),
        "p_brand": text("Brand#12", "Brand#23", "Brand#34", "Brand#45"), "p_type": from_parts(*TYPES),
        "p_size": number(1, 50), "p_container": from_parts(("SM", "MED", "LG", "JUMBO"), ("CASE", "BOX", "BAG", "PKG")),
        "p_retailprice": money(900, 2000), "p_comment": sentence()}),
    Spec(name="partsupp", rows=300, key=("ps_partkey", "ps_suppkey"), columns={
        "ps_partkey": number(1, PARTS), "ps_suppkey": number(1, SUPPLIERS), "ps_availqty": number(1, 9999),
        "ps_supplycost": money(1, 1000), "ps_comment": sentence()}),
    Spec(name="orders", rows=ORDERS, key=("o_orderkey",), columns={
        "o_orderkey": key(), "o_custkey": number(1, CUSTOMERS), "o_orderstatus": text("F", "O", "P", "F", "O", "P", "X"),
        "o_totalprice": money(1000, 400000), "o_orderdate": day(FIRST, LAST),
        "o_orderpriority": text("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"),
        "o_clerk": name("Clerk#"), "o_shippriority": number(0, 0), "o_comment": sentence("special requests", "", "")}),
    Spec(name="lineitem", rows=2400, key=("l_orderkey", "l_linenumber"), columns={
        "l_orderkey": ("INTEGER", lambda _, i: i % ORDERS + 1), "l_partkey": number(1, PARTS),
        "l_suppkey": number(1, SUPPLIERS), "l_linenumber": ("INTEGER", lambda _, i: i // ORDERS + 1),
        "l_quantity": number(1, 50, "DECIMAL(15,2)"), "l_extendedprice": money(900, 90000),
        "l_discount": money(0, 0.1),
        "l_tax": money(0, 0.08),
        "l_returnflag": text("A", "N", "R"), "l_linestatus": text("F", "O", "F", "O", "F", "O", "F", "X"), "l_shipdate": ("DATE", _ship),
        "l_commitdate": _after(-20, 40), "l_receiptdate": _after(1, 30),
        "l_shipinstruct": text("DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"),
        "l_shipmode": text("REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"), "l_comment": sentence()}),
]  # fmt: skip
# Rows that nobody may know of, by a value of one of their columns.
HIDDEN = {
    "customer": ("c_mktsegment", "WITHHELD"),
    "orders": ("o_orderstatus", "X"),
    "lineitem": ("l_linestatus", "X"),
}
MASKS = {"c_address": "redact", "c_phone": "last4", "s_phone": "last4", "c_comment": "scrub"}
