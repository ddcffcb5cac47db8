"""Attacks that once worked, or nearly: each is refused, and nothing hidden is in what comes back."""

import pytest

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.support.house import ANALYST
from tests.support.reference import CRM, MAP, ORDERS

BLANK = "\u200b"  # a blank to the engine, part of a name to the parser
INJECTED = f"YEAR FROM DATE '2020-01-01') AS A, (SELECT PHONE{BLANK}FROM{BLANK}LUCKYUS_SALES_CRM.T_USER LIMIT 1) AS B, EXTRACT(YEAR"

REFUSED = [  # source, query, code
    (CRM, f"SELECT EXTRACT(`{INJECTED}` FROM DATE '2020-01-01') AS x", Code.CONSTRUCT_REFUSED),
    (CRM, "SELECT TIMESTAMPADD(`MONTH) --`, 1, NOW())", Code.CONSTRUCT_REFUSED),
    (CRM, "SELECT TIMESTAMPDIFF(`a b`, NOW(), NOW())", Code.CONSTRUCT_REFUSED),
    (CRM, "SELECT CAST(user_no AS CHAR CHARACTER SET `x y`) FROM t_user", Code.CONSTRUCT_REFUSED),
    (MAP, f'SELECT EXTRACT("{INJECTED}" FROM now())', Code.CONSTRUCT_REFUSED),
    (MAP, "SELECT DATE_PART('YEAR FROM now()), (SELECT 1', now())", Code.QUERY_FAILED),
    (MAP, "SELECT DATE_TRUNC('x'' || lat || ''', now()) FROM store_location", Code.CONSTRUCT_REFUSED),
    (ORDERS, "SELECT " + "DATE(" * 24 + "'2020-01-01'" + ")" * 24, Code.TOO_LARGE),
    (ORDERS, "SELECT " + "TIMESTAMP(" * 24 + "'2020-01-01'" + ")" * 24, Code.TOO_LARGE),
    (
        ORDERS,
        "SELECT SLEEP(1) FROM t_order_item a" + " JOIN t_order_item" * 40,
        Code.FUNCTION_REFUSED,
    ),
    (
        ORDERS,
        "WITH c0 AS (SELECT order_id FROM t_sales_order_m)"
        + "".join(
            f", c{n} AS (SELECT a.order_id FROM c{n - 1} a JOIN c{n - 1} b USING (order_id))"
            for n in range(1, 14)
        )
        + " SELECT COUNT(*) FROM c13",
        Code.TOO_LARGE,
    ),
    (
        ORDERS,
        "SELECT " + "REPLACE(" * 4 + "'xx'" + f", 'x', '{'x' * 100}')" * 4,
        Code.CONSTRUCT_REFUSED,
    ),
]


@pytest.mark.parametrize(("source", "sql", "code"), REFUSED)
async def test_an_attack_is_refused(gateway: Gateway, source: str, sql: str, code: Code) -> None:
    with pytest.raises(ReadError) as refused:
        await gateway.read(ANALYST, SqlRead(source=source, sql=sql))
    assert refused.value.code is code, refused.value.agent_text


async def test_one_wide_row_does_not_pass_the_byte_bound(gateway: Gateway) -> None:
    wide = ", ".join(f"x.g AS c{number}" for number in range(300))
    sql = f"SELECT {wide} FROM (SELECT GROUP_CONCAT(order_no) AS g FROM t_sales_order_m) x"
    answer = await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql))
    assert not answer.rows and answer.truncation == "bytes"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (r"'a_b' LIKE 'a\\_b'", True),
        (r"'axb' LIKE 'a\\_b'", False),
        ("7.5 DIV 2 = 3", True),
        ("STRCMP(NOT 0, 0) = 1", True),
        ("FIND_IN_SET(NULL, 'a') IS NULL", True),
    ],
)
async def test_the_translation_says_what_the_server_says(
    gateway: Gateway, condition: str, expected: bool
) -> None:
    answer = await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=f"SELECT {condition} AS so"))
    assert list(answer.rows) == [(expected,)]


@pytest.mark.parametrize("name", ["where", "order", "group"])
async def test_a_quoted_alias_may_be_a_clause_word(gateway: Gateway, name: str) -> None:
    sql = f"SELECT COUNT(*) FROM t_sales_order_m a JOIN t_order_item AS `{name}` ON `{name}`.order_id = a.order_id"
    assert (await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql))).rows
