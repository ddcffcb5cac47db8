"""What docs/embedded-engine.md says of this side is so; what the servers answer was run by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.server.cells import as_text, zone_of
from tests.docs.markdown import plain, read_page
from tests.support.house import ENGINEER
from tests.support.reference import MAP, ORDERS

PAGE = read_page(Path(__file__).resolve().parents[2] / "docs" / "embedded-engine.md")
ROWS = [(title, row) for title in PAGE.headings(2) for row in PAGE.tables(title)]
# What the tool contract or an earlier reader was told to find here.
NAMED = (
    "WEEK(",
    "YEARWEEK(",
    "TIMEDIFF",
    "TIME_FORMAT",
    "FORMAT(",
    "MEMBER OF",
    "JSON_AGG",
    "WIDTH_BUCKET",
    "TO_NUMBER",
    "#>",
    "#>>",
    "'abc' = 0",
    "LENGTH(",
)


async def here(gateway: Gateway, title: str, expression: str) -> str:
    source = ORDERS if title.startswith("MySQL") else MAP
    request = SqlRead(source=source, sql=f"SELECT {expression} AS x")
    try:
        answer = await gateway.read(ENGINEER, request)
    except ReadError as refusal:
        assert refusal.code in {Code.QUERY_FAILED, Code.CONSTRUCT_REFUSED, Code.FUNCTION_REFUSED}
        return "refused"
    ((value,),) = answer.rows
    return "NULL" if value is None else as_text(value, zone_of("America/New_York"))


@pytest.mark.parametrize(("title", "row"), ROWS, ids=[plain(row[0]) for _, row in ROWS])
async def test_a_row_is_what_happens_here(gateway: Gateway, title: str, row: list[str]) -> None:
    expression, shown, server = (plain(cell) for cell in row)
    assert await here(gateway, title, expression) == shown
    assert shown != server
    assert (shown == "refused") is title.endswith("refused")


def test_the_known_differences_are_named() -> None:
    named = "\n".join(plain(row[0]) for _, row in ROWS)
    assert [name for name in NAMED if name not in named] == []


async def test_text_columns_ignore_case_where_mysql_is_spoken(gateway: Gateway) -> None:
    for literal in ("usd", "USD"):
        sql = f"SELECT COUNT(*) FROM t_sales_order_m WHERE currency_code = '{literal}'"
        assert (await gateway.read(ENGINEER, SqlRead(source=ORDERS, sql=sql))).rows[0][0]


async def test_numbers_and_text_columns_are_compared_strictly(gateway: Gateway) -> None:
    with pytest.raises(ReadError, match="could not be converted"):
        await gateway.read(
            ENGINEER, SqlRead(source=ORDERS, sql="SELECT COUNT(*) FROM t_sales_order_m WHERE order_no = 5")
        )


async def test_the_clock_is_the_gateways_in_the_sources_zone(gateway: Gateway) -> None:
    answer = await gateway.read(
        ENGINEER, SqlRead(source=ORDERS, sql="SELECT NOW(), CURDATE(), UTC_TIMESTAMP()")
    )
    assert [as_text(value, None) for value in answer.rows[0]] == [
        "2026-02-15T07:00:00",
        "2026-02-15",
        "2026-02-15T12:00:00",
    ]


async def test_date_trunc_of_a_timestamp_works(gateway: Gateway) -> None:
    assert (
        await here(gateway, "PostgreSQL", "DATE_TRUNC('week', TIMESTAMP '2026-01-04 01:00:00')")
        == "2025-12-29T00:00:00"
    )
