"""Rows, bytes, cells and time end where they are bounded, and every cut is said."""

import asyncio
import dataclasses

import pytest

from lucky_mcp.errors import Code, LimitExceeded, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import Truncation
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, ENGINEER, opened
from tests.support.reference import CRM, ORDERS

SLOW = "SELECT COUNT(*) FROM t_order_item a, t_order_item b, t_order_item c WHERE a.quantity + b.quantity + c.quantity > 10"

ROWS = [  # query, max_rows of the call, rows shown, whether more exist
    ("SELECT order_id FROM t_sales_order_m", None, 100, True),
    ("SELECT order_id FROM t_sales_order_m", 7, 7, True),
    ("SELECT order_id FROM t_sales_order_m LIMIT 5", None, 5, False),
    ("SELECT order_id FROM t_sales_order_m LIMIT 5", 3, 3, True),
    ("SELECT order_id FROM t_sales_order_m LIMIT 200", None, 200, False),
    ("SELECT order_id FROM t_sales_order_m LIMIT 5000", None, 1000, True),
    ("SELECT order_id FROM t_sales_order_m", 5000, 1000, True),
    ("SELECT order_id FROM t_sales_order_m ORDER BY order_id LIMIT 10, 5", None, 5, False),
    ("SELECT 1 UNION ALL SELECT 2", None, 2, False),
]


@pytest.mark.parametrize(("sql", "asked", "shown", "more"), ROWS)
async def test_rows_are_the_smallest_of_all_limits(
    gateway: Gateway, sql: str, asked: int | None, shown: int, more: bool
) -> None:
    result = await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql, rows_max=asked))
    assert len(result.rows) == shown
    assert (result.truncation is Truncation.ROWS) == more


async def test_a_clamped_offset_is_kept(gateway: Gateway) -> None:
    first = await gateway.read(
        ANALYST, SqlRead(source=ORDERS, sql="SELECT order_id FROM t_sales_order_m ORDER BY 1 LIMIT 12")
    )
    later = await gateway.read(
        ANALYST,
        SqlRead(
            source=ORDERS, sql="SELECT order_id FROM t_sales_order_m ORDER BY 1 LIMIT 10, 9000", rows_max=2
        ),
    )
    assert list(later.rows) == list(first.rows[10:12])


async def test_a_role_may_read_more_than_another(gateway: Gateway) -> None:
    request = SqlRead(source=ORDERS, sql="SELECT order_id FROM t_sales_order_m", rows_max=4000)
    assert len((await gateway.read(ENGINEER, request)).rows) > len(
        (await gateway.read(ANALYST, request)).rows
    )


async def test_bytes_end_before_a_row_that_would_break_the_bound(gateway: Gateway) -> None:
    sql = "SELECT CONCAT(GROUP_CONCAT(order_no), o.order_id) AS big FROM t_sales_order_m, (SELECT order_id FROM t_sales_order_m LIMIT 400) o GROUP BY o.order_id"
    result = await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql, rows_max=400))
    assert result.truncation is Truncation.BYTES
    assert 0 < result.bytes <= 262_144
    assert result.cells_cut == len(result.rows)
    assert all(len(str(row[0])) == 2_001 for row in result.rows)


async def test_time_is_bounded_and_the_query_stops_in_the_engine(demo_policies: PolicySet) -> None:
    bound = dataclasses.replace(demo_policies.bound_default, timeout_ms=300)
    gateway = await opened(dataclasses.replace(demo_policies, bound_default=bound))
    with pytest.raises(LimitExceeded) as raised:
        await gateway.read(ANALYST, SqlRead(source=ORDERS, sql=SLOW))
    assert raised.value.code is Code.TIMEOUT
    # A worker still in the query would hold one of the four places: all four answer at once.
    request = SqlRead(source=ORDERS, sql="SELECT 1")
    answers = await asyncio.gather(*(gateway.read(ANALYST, request) for _ in range(4)))
    assert [list(answer.rows) for answer in answers] == [[(1,)]] * 4
    await gateway.close()


async def test_a_cancelled_call_stops_the_query_in_the_engine(gateway: Gateway) -> None:
    task = asyncio.create_task(gateway.read(ANALYST, SqlRead(source=ORDERS, sql=SLOW)))
    await asyncio.sleep(0.3)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = await gateway.read(ANALYST, SqlRead(source=ORDERS, sql="SELECT 1"))
    assert list(again.rows) == [(1,)]


async def test_a_slow_source_holds_up_nobody_else(gateway: Gateway) -> None:
    slow = [asyncio.create_task(gateway.read(ANALYST, SqlRead(source=ORDERS, sql=SLOW))) for _ in range(6)]
    await asyncio.sleep(0.1)
    answer = await gateway.read(ANALYST, SqlRead(source=CRM, sql="SELECT COUNT(*) FROM t_user"))
    assert len(answer.rows) == 1 and not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_a_missing_database_is_told_apart_and_quoted_nowhere(demo_policies: PolicySet) -> None:
    gone = dataclasses.replace(demo_policies.sources[CRM], url="duckdb:////nowhere/secret-path.duckdb")
    gateway = await opened(dataclasses.replace(demo_policies, sources={**demo_policies.sources, CRM: gone}))
    with pytest.raises(ReadError) as raised:
        await gateway.read(ANALYST, SqlRead(source=CRM, sql="SELECT COUNT(*) FROM t_user"))
    assert raised.value.code is Code.SOURCE_UNAVAILABLE and "secret" not in raised.value.agent_text
    other = await gateway.read(ANALYST, SqlRead(source=ORDERS, sql="SELECT COUNT(*) FROM t_sales_order_m"))
    assert len(other.rows) == 1
    await gateway.close()
