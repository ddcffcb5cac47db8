"""Deep texts end as refusals whatever the interpreter allows: compiled recursion does not heed its limit."""

import sys
from contextlib import suppress

import pytest

from lucky_mcp.errors import ReadError
from lucky_mcp.model.request import SqlRead
from tests.enforcement.conftest import Shared
from tests.support.cases import RefusalCase, refusal_cases
from tests.support.house import ANALYST
from tests.support.reference import MAP, ORDERS

FILLED = 65_000
DEEP = [case for case in refusal_cases() if case.place.startswith("refused/mysql/sizes.yaml")]
OPENERS = [
    "NOT ",
    "1 = NOT ",
    "- ",
    "~ ",
    "! ",
    "INTERVAL ",
    "1 IS NOT ",
    "1 BETWEEN ",
    "1 + ",
    "1 OR ",
    "x -> ",
]


@pytest.fixture(params=[400, 1_000, 1_000_000])
def recursion_limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    before, limit = sys.getrecursionlimit(), request.param
    request.addfinalizer(lambda: sys.setrecursionlimit(before))
    sys.setrecursionlimit(limit)
    return limit


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in DEEP])
async def test_a_deep_text_is_refused_alike_under_every_recursion_limit(
    shared: Shared, recursion_limit: int, case: RefusalCase
) -> None:
    with pytest.raises(ReadError) as refused:
        await shared.gateway.read(ANALYST, SqlRead(source=case.source, sql=case.sql))
    assert refused.value.code == case.code


@pytest.mark.parametrize("source", [ORDERS, MAP])
@pytest.mark.parametrize("opener", OPENERS)
async def test_the_longest_chain_of_every_opener_leaves_the_process_alive(
    shared: Shared, recursion_limit: int, source: str, opener: str
) -> None:
    for size in (1_900, FILLED):  # prepared on the loop's own thread, and on a deep one
        sql = "SELECT " + opener * (size // len(opener)) + "1"
        with suppress(ReadError):
            await shared.gateway.read(ANALYST, SqlRead(source=source, sql=sql))
            assert size < FILLED or opener == "1 OR ", "a chain this long never reaches an engine"


@pytest.mark.parametrize("terms", [100, 450])
async def test_an_honest_chain_of_conditions_runs(shared: Shared, terms: int) -> None:
    sql = "SELECT COUNT(*) FROM t_sales_order_m WHERE " + " OR ".join(
        f"order_id = {number}" for number in range(terms)
    )
    assert (await shared.gateway.read(ANALYST, SqlRead(source=ORDERS, sql=sql))).rows
