"""A dry run says what the read itself would say."""

import pytest

from lucky_mcp.errors import ReadError
from lucky_mcp.model.request import SqlRead
from tests.enforcement.conftest import Shared, SharedByDialect
from tests.support.cases import RewriteCase, rewrite_cases
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE
from tests.support.reference import CRM, MAP, ORDERS

PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER, "executive": EXECUTIVE}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in rewrite_cases()])
async def test_what_is_answered_is_permitted(shared_by_dialect: SharedByDialect, case: RewriteCase) -> None:
    shared = await shared_by_dialect.speaking(case.dialect)
    request = SqlRead(source=case.source, sql=case.sql)
    explained = await shared.gateway.explain(PRINCIPALS[case.role], request)
    assert explained.sql_sent


UNKNOWN = [
    (CRM, "SELECT phone, nosuch FROM t_user"),
    (CRM, "SELECT u.phone, u.nosuch FROM t_user u"),
    (CRM, "SELECT COUNT(*) FROM t_user WHERE nosuch = 1"),
    (CRM, "SELECT user_no FROM t_user ORDER BY NoSuch"),
    (CRM, "WITH x AS (SELECT user_no FROM t_user) SELECT user_no FROM x WHERE nosuch IS NULL"),
    (CRM, "SELECT first_name FROM t_user_profile"),  # there, and denied
    (ORDERS, "SELECT SUM(pay_amount) FROM t_sales_order_m GROUP BY nosuch"),
    (MAP, "SELECT lat, nosuch FROM store_location"),
]


@pytest.mark.parametrize(("source", "sql"), UNKNOWN)
async def test_an_unknown_column_is_refused_in_the_same_words(shared: Shared, source: str, sql: str) -> None:
    told = []
    for ask in (shared.gateway.read, shared.gateway.explain):
        with pytest.raises(ReadError) as refused:
            await ask(ANALYST, SqlRead(source=source, sql=sql))
        told.append(refused.value.agent_text)
    assert told[0] == told[1]
    assert "there is no column" in told[0]
