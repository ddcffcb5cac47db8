"""The questions that real servers are asked: as an agent writes them, and with the guard's filters written by hand.

`{…}` stands for the filters that the analyst's guard puts in, and is nothing in the plain question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bench.fleet import SHOPS

SCHEMA = "luckyus_sales_order"
TABLES = {"orders": f"{SCHEMA}.t_sales_order_m", "items": f"{SCHEMA}.t_order_item"}
DAY = "order_time >= '2026-02-10' AND {o}order_time < '2026-02-11'"
SEEN = "{o}currency_code = 'USD' AND {o}shop_id IN (" + ", ".join(map(str, SHOPS)) + ")"
SEEN_ALONE, SEEN_O = SEEN.format(o=""), SEEN.format(o="o.")
FILTERS = {
    "and_orders": f" AND {SEEN_ALONE}",
    "where_orders": f" WHERE {SEEN_ALONE}",
    "and_o": f" AND {SEEN_O}",
    "where_o": f" WHERE {SEEN_O}",
    "and_parent": f" AND order_id IN (SELECT order_id FROM {TABLES['orders']} WHERE {SEEN_ALONE})",
}
EXISTS = (
    "SELECT COUNT(*) AS n FROM {orders} o WHERE {day}"
    "EXISTS (SELECT 1 FROM {items} i WHERE i.order_id = o.order_id AND i.quantity > 2){and_o}"
)
IN_A_DAY = EXISTS.replace("{day}", f"o.{DAY.format(o='o.')} AND ")
QUESTIONS: Mapping[str, str] = {
    "point": "SELECT * FROM {items} WHERE order_item_id = {key}{and_parent}",
    "point, a table with masks": "SELECT * FROM {orders} WHERE order_id = {key}{and_orders}",
    "range": "SELECT order_no, pay_amount FROM {orders}"
    " WHERE order_time >= '2026-02-10 09:00:00' AND order_time < '2026-02-10 11:00:00'{and_orders}",
    "join of one order": "SELECT o.order_no, i.spu_code FROM {orders} o"
    " JOIN {items} i ON i.order_id = o.order_id WHERE o.order_id = {key}{and_o}",
    "join of a day": "SELECT o.shop_id, SUM(i.item_amount) AS total FROM {orders} o"
    f" JOIN {{items}} i ON i.order_id = o.order_id WHERE o.{DAY.format(o='o.')}{{and_o}} GROUP BY o.shop_id",
    "join of all": "SELECT o.shop_id, SUM(i.item_amount) AS total FROM {orders} o"
    " JOIN {items} i ON i.order_id = o.order_id{where_o} GROUP BY o.shop_id",
    "EXISTS in a day": IN_A_DAY,
    "EXISTS over all": EXISTS.replace("{day}", ""),
    "group by": "SELECT shop_id, COUNT(*) AS n, SUM(pay_amount) AS total FROM {orders}"
    " WHERE order_status = 90{and_orders} GROUP BY shop_id",
    "order and limit": "SELECT order_no, order_time FROM {orders}{where_orders} ORDER BY order_time DESC LIMIT 20",
    "a day, with a part that can fail": "SELECT COUNT(*) AS n FROM {orders}"
    f" WHERE {DAY.format(o='')} AND EXP(pay_amount) > 100{{and_orders}}",
}
INDEXED = "EXISTS in a day, with an index"
INDEX = f"CREATE INDEX lucky_seen ON {TABLES['orders']} (order_time, shop_id, currency_code)"


def both(text: str, key: int) -> tuple[str, str]:
    """Return the question about one order or item: plain, and with the filters by hand."""
    return (
        text.format(key=key, **TABLES, **dict.fromkeys(FILTERS, "")),
        text.format(key=key, **TABLES, **FILTERS),
    )


BY_HAND: Mapping[str, Callable[[int], tuple[str, str]]] = {
    title: partial(both, text) for title, text in {**QUESTIONS, INDEXED: IN_A_DAY}.items()
}
