"""What is called the engine's is the engine's: each entry of the list is shown on databases without any guard."""

from __future__ import annotations

import pytest

from lucky_mcp.model.source import Dialect
from tests.properties.engine_differences import Difference, differences, explained
from tests.support.generator_checks import PLANS_DISAGREE, lie
from tests.support.generator_house import House
from tests.support.generator_queries import Query
from tests.support.generator_servers import SERVERS


@pytest.mark.parametrize("difference", differences(), ids=lambda each: each.name)
def test_an_entry_has_a_reason_and_a_proof(difference: Difference) -> None:
    assert difference.reason
    assert difference.proofs
    assert set(difference.proofs) <= set(difference.dialects) <= {*(each.value for each in Dialect), *SERVERS}


def test_the_engine_answers_a_proof_by_two_plans_and_the_guard_as_it_is_written(house: House) -> None:
    for difference in differences():
        if difference.means:
            continue
        for source, sql in difference.proofs.get(house.dialect, {}).items():
            twin = house.twins["analyst"]
            quick, as_written = twin.ask(source, sql), twin.ask(source, sql, optimized=False)
            assert not quick.failure
            assert sorted(map(str, quick.rows)) != sorted(map(str, as_written.rows))
            world = next(each for each in house.worlds if (each.role, each.source) == ("analyst", source))
            found = lie(Query(sql=sql, is_ordered=False, seen=frozenset()), world, house).wrong
            assert found.startswith(PLANS_DISAGREE)
            assert explained(house.dialect, sql, found) == difference.name


def test_the_engine_answers_two_spellings_in_two_ways_and_the_guard_as_it_is_meant(house: House) -> None:
    for difference in differences():
        for source, meant in difference.means.get(house.dialect, {}).items():
            sql = difference.proofs[house.dialect][source]
            twin = house.twins["analyst"]
            asked, expected = twin.ask(source, sql), twin.ask(source, meant)
            assert sorted(map(str, asked.rows)) != sorted(map(str, expected.rows))
            answer = house.ask("analyst", source, sql)
            assert answer.result is not None
            assert sorted(map(str, answer.result.rows)) == sorted(map(str, expected.rows))
            world = next(each for each in house.worlds if (each.role, each.source) == ("analyst", source))
            found = lie(Query(sql=sql, is_ordered=False, seen=frozenset()), world, house).wrong
            assert explained(house.dialect, sql, found) == difference.name
            assert not explained(house.dialect, meant, found)


def test_what_is_wrong_by_every_plan_is_not_explained() -> None:
    assert not explained("postgres", "SELECT 1", "3 rows for 2: extra [], missing []")
