"""Plain questions whose unfiltered answer is wrong: the guarded answer is the twin's."""

from collections.abc import Mapping

import pytest

from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST
from tests.support.reference import CRM, MAP, ORDERS
from tests.support.twin import Unguarded, as_multiset

QUESTIONS = [
    (
        ORDERS,
        "SELECT shop_id, SUM(pay_amount) AS revenue FROM t_sales_order_m WHERE order_status = 90 GROUP BY shop_id",
    ),
    (ORDERS, "SELECT product_name, SUM(quantity) AS sold FROM t_order_item GROUP BY product_name"),
    (CRM, "SELECT COUNT(*) AS users FROM t_user"),
    (MAP, "SELECT COUNT(*) AS places FROM store_location"),
]


@pytest.mark.parametrize(("source", "sql"), QUESTIONS)
async def test_the_guarded_answer_is_the_twins_and_not_the_raw_one(
    gateway: Gateway, twins: Mapping[str, Unguarded], raw: Unguarded, source: str, sql: str
) -> None:
    answer = await gateway.read(ANALYST, SqlRead(source=source, sql=sql, rows_max=1000))
    _, expected = twins["analyst"].ask(source, sql)
    _, unfiltered = raw.ask(source, sql)
    assert as_multiset(answer.rows) == as_multiset(expected)
    assert as_multiset(answer.rows) != as_multiset(unfiltered)
