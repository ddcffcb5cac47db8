"""No leak: two databases that differ only in what the role may not know answer every query alike."""

from __future__ import annotations

import pytest

from lucky_mcp.demo.tables import Fleet
from tests.properties.fuzz import Case, each_case
from tests.properties.shares import Shares
from tests.support.generator_checks import leak
from tests.support.generator_house import PRINCIPALS, Answer, House
from tests.support.neighbours import NAMES, neighbour
from tests.support.reference import clean_tables


def test_hidden_data_shows_in_no_answer(house: House) -> None:
    shares = Shares(f"non-interference in {house.dialect}")
    last: list[Answer] = []

    def check(case: Case) -> str:
        wrong, answer = leak(case.query, case.world, house, case.neighbour)
        last[:] = [answer]
        return wrong

    def count(case: Case) -> None:
        is_failed = last[0].result is None and not last[0].is_refusal
        shares.add(case.query, *(["failed"] if is_failed else []))

    each_case(house, check, count)
    shares.check("join", "nest")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", PRINCIPALS)
def test_neighbours_differ_in_hidden_data_and_in_nothing_else(
    sharp_fleet: Fleet, role: str, name: str
) -> None:
    other = neighbour(sharp_fleet, role, name)
    assert _known(other, role) == _known(sharp_fleet, role)
    assert any(a.rows != b.rows for a, b in zip(other.tables, sharp_fleet.tables, strict=True))


def _known(fleet: Fleet, role: str) -> list[list[str]]:
    return [sorted(map(str, table.rows)) for table in clean_tables(fleet, role)]
