"""The generator writes what it says: every construct of a dialect turns up, and no query twice."""

from __future__ import annotations

from collections import Counter

import pytest

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.model.source import Dialect
from tests.support.generator_dialects import FEATURES
from tests.support.generator_numbers import numbered
from tests.support.generator_schema import World, world
from tests.support.reference import CRM, ORDERS

QUERIES = 2500
LEAST = 3


@pytest.fixture(scope="module")
def worlds(sharp_fleet: Fleet) -> dict[str, list[World]]:
    """Two sources in each dialect."""
    return {name: [world(sharp_fleet, "analyst", each, name) for each in (ORDERS, CRM)] for name in Dialect}


@pytest.mark.parametrize("dialect", Dialect)
def test_every_construct_of_the_dialect_turns_up(dialect: str, worlds: dict[str, list[World]]) -> None:
    queries = [numbered(worlds[dialect][number % 2], number) for number in range(QUERIES)]
    seen = Counter(construct for query in queries for construct in query.seen)
    rare = {name: seen[name] for name in FEATURES[dialect].constructs if seen[name] < LEAST}
    assert not rare
    assert set(seen) <= FEATURES[dialect].constructs, "a construct that the dialect is not said to have"
    assert len({query.sql for query in queries}) > 0.95 * QUERIES


def test_every_dialect_has_its_constructs_listed() -> None:
    assert set(FEATURES) == {each.value for each in Dialect}
