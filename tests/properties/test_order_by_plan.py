"""Rows in another order over other hidden rows are no leak where the copy itself gives either order by some plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from lucky_mcp.model.result import ReadResult
from tests.support.generator_checks import is_ordered_by_plan
from tests.support.generator_house import Answer, House
from tests.support.generator_queries import Query
from tests.support.plain_databases import Plain
from tests.support.reference import ORDERS

QUERY = Query(
    sql="SELECT shop_id, COUNT(*) FROM t_sales_order_m GROUP BY shop_id ORDER BY 1",
    is_ordered=True,
    seen=frozenset(),
)


@dataclass
class OfPlans:
    """A house whose copy gives these answers, one by each plan."""

    rows: Sequence[Sequence[tuple[object, ...]]]
    plans_vary: bool = True

    def plans(self, *asked: str) -> Iterator[Plain]:
        yield from (Plain(rows=each) for each in self.rows)


@pytest.fixture
def result(mysql_house: House) -> ReadResult:
    answer = mysql_house.ask("analyst", ORDERS, QUERY.sql)
    assert answer.result is not None
    assert len(answer.result.rows) > 1
    return answer.result


@pytest.mark.parametrize(
    ("plans", "there", "expected"),
    [
        ("both", "turned", True),
        ("one", "turned", False),
        ("both, which are tried by nobody", "turned", False),
        ("both", "turned, with another row", False),
        ("both", "turned, under other filters", False),
    ],
)
def test_an_order_is_the_plans_where_the_copy_has_it_too(
    mysql_house: House, result: ReadResult, plans: str, there: str, expected: bool
) -> None:
    world = next(each for each in mysql_house.worlds if (each.role, each.source) == ("analyst", ORDERS))
    rows, turned = result.rows, tuple(reversed(result.rows))
    other = replace(result, rows=turned)
    if there == "turned, with another row":
        other = replace(result, rows=(turned[1], *turned[1:]))
    if there == "turned, under other filters":
        other = replace(other, receipt=replace(result.receipt, filters=()))
    house = OfPlans([rows] if plans == "one" else [rows, turned], plans_vary="nobody" not in plans)
    answers = Answer(result=result), Answer(result=other)
    assert is_ordered_by_plan(*answers, QUERY, world, house) is expected  # type: ignore[arg-type]
