"""A failing query is made small: what is left fails, and no part of it can be left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lucky_mcp.demo.tables import Fleet
from tests.properties.long_run import Finding, run_block
from tests.properties.mutants_policy import reference_dropped, via_dropped
from tests.properties.mutation import Mutant, broken
from tests.support.generator_house import House
from tests.support.generator_numbers import numbered, smallest
from tests.support.generator_queries import Query
from tests.support.generator_schema import World, world
from tests.support.generator_shrink import neighbours_of, reduced, tokens_of
from tests.support.reference import ORDERS

EXAMPLES = 4
# For each fault, the tokens of the longest query that may be left.
FAULTS = {
    "ROLLUP": 10,
    "EXISTS": 16,
    "LATERAL": 12,
    "EXCEPT": 12,
    "RANK()": 14,
    "FULL JOIN": 18,
    "RECURSIVE": 16,
}


@pytest.fixture(scope="module")
def orders(sharp_fleet: Fleet) -> World:
    """The orders' tables in PostgreSQL's dialect."""
    return world(sharp_fleet, "analyst", ORDERS, "postgres")


@pytest.mark.parametrize("word", FAULTS)
def test_nothing_is_left_but_the_fault(word: str, orders: World) -> None:
    def wrong(query: Query) -> bool:
        return word in query.sql

    found = [number for number in range(2000) if wrong(numbered(orders, number))][:EXAMPLES]
    assert len(found) == EXAMPLES
    for number in found:
        small = reduced(smallest(orders, number, wrong), orders.dialect, wrong)
        assert wrong(small)
        assert tokens_of(small.sql, orders.dialect) <= FAULTS[word], small.sql
        assert not any(wrong(each) for each in neighbours_of(small, orders.dialect)), small.sql


def test_a_limit_keeps_the_order_that_makes_it_fair(orders: World) -> None:
    number = next(n for n in range(2000) if "ORDER BY 1, 2 LIMIT" in numbered(orders, n).sql)
    query = numbered(orders, number)
    small = reduced(query, orders.dialect, lambda each: "LIMIT" in each.sql)
    assert "ORDER BY 1, 2 LIMIT" in small.sql


@pytest.mark.parametrize("defect", [via_dropped, reference_dropped])
def test_a_finding_is_about_the_defect_alone(
    defect: Callable[[pytest.MonkeyPatch], None], mysql_house: House
) -> None:
    with broken(Mutant(defect, by="properties")):
        (first, *_) = _findings(mysql_house)
    assert tokens_of(first.smallest, "mysql") <= 8, first.smallest
    assert tokens_of(first.sql, "mysql") > 8


def _findings(house: House) -> list[Finding]:
    for start in range(0, 100, 5):
        found = run_block(house, 0, start, start + 5).findings
        if found:
            return found
    return []
