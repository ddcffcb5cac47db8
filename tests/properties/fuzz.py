"""How many examples a property sees: the suite's fixed ones, or as many others as LUCKY_TEST_FUZZ says.

`LUCKY_TEST_FUZZ=5000` takes new examples in every run, `LUCKY_TEST_FUZZ=5000:17` those of seed 17.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.support.generator_house import House
from tests.support.generator_numbers import numbered, smallest
from tests.support.generator_queries import Query
from tests.support.generator_schema import World
from tests.support.neighbours import NAMES

SUITE_EXAMPLES = 200


@dataclass(frozen=True)
class Case:
    """One example: a query, the number it came of, who asks it of what, and the neighbour to compare with."""

    world: World
    query: Query
    number: int
    neighbour: str

    def __repr__(self) -> str:
        return f"{self.world.role} on {self.world.source} ({self.neighbour}, {self.number}): {self.query.sql}"


class Check(Protocol):
    """A property: says what is wrong with a case, or nothing."""

    def __call__(self, case: Case) -> str:
        """Return what is wrong."""


def cases(house: House, *, is_risky: bool = False, holding: str = "") -> st.SearchStrategy[Case]:
    """Yield cases over every source and role of a house.

    Risky ones all have parts that may fail; `holding` names a construct that each of them has.
    """

    def case(chosen: World, number: int, neighbour: str) -> Case:
        query = numbered(chosen, number, is_risky=is_risky)
        while holding and holding not in query.seen:
            number += 1
            query = numbered(chosen, number, is_risky=is_risky)
        return Case(world=chosen, query=query, number=number, neighbour=neighbour)

    parts = st.tuples(st.sampled_from(house.worlds), st.integers(0, 2**62), st.sampled_from(NAMES))
    return parts.map(lambda drawn: case(*drawn))


def each_case(house: House, check: Check, count: Callable[[Case], None]) -> None:
    """Check every case and count it; AssertionError shows the smallest query that is wrong in the same way."""
    wanted, chosen_seed = _asked_for()
    body = given(case=cases(house))(_once(check, count, is_small=True))
    if chosen_seed is not None:
        body = seed(chosen_seed)(body)
    _settings(wanted or SUITE_EXAMPLES, is_fixed=wanted is None)(body)()


def first_cases(
    house: House, check: Check, examples: int, *, is_risky: bool = False, holding: str = ""
) -> None:
    """Check the suite's first cases, whatever LUCKY_TEST_FUZZ says; what is wrong is not made small."""
    once = _once(check, lambda case: None, is_small=False)
    _settings(examples, is_fixed=True)(given(case=cases(house, is_risky=is_risky, holding=holding))(once))()


def _once(check: Check, count: Callable[[Case], None], *, is_small: bool) -> Callable[[Case], None]:
    def once(case: Case) -> None:
        wrong = check(case)
        if wrong and is_small:
            case = _made_small(case, check)
            wrong = check(case) or wrong
        assert not wrong, f"{wrong}\n{case!r}"
        count(case)

    return once


def _made_small(case: Case, check: Check) -> Case:
    found = smallest(case.world, case.number, lambda query: bool(check(replace(case, query=query))))
    return replace(case, query=found)


def _settings(examples: int, *, is_fixed: bool) -> settings:
    return settings(
        max_examples=examples,
        derandomize=is_fixed,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def _asked_for() -> tuple[int | None, int | None]:
    text = os.environ.get("LUCKY_TEST_FUZZ", "")
    number, _, chosen = text.partition(":")
    return int(number) if number else None, int(chosen) if chosen else None
