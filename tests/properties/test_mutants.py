"""The checks can fail: each defect, put in by hand, is noticed within a few examples. `make mutants` shows which."""

from __future__ import annotations

import pytest

from tests.properties.mutants_guard import GUARD_MUTANTS
from tests.properties.mutants_names import NAME_MUTANTS
from tests.properties.mutants_policy import POLICY_MUTANTS
from tests.properties.mutation import EXAMPLES, Mutant, judged, nothing
from tests.support.generator_house import House

MUTANTS = tuple(each for each in (*GUARD_MUTANTS, *NAME_MUTANTS, *POLICY_MUTANTS) if not each.is_of_cases)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.title)
def test_a_defect_is_noticed(mutant: Mutant, request: pytest.FixtureRequest) -> None:
    verdict = judged(house_of(mutant, request), mutant)
    assert verdict.killer == mutant.by, f"{mutant.title}: {verdict}"


def house_of(mutant: Mutant, request: pytest.FixtureRequest) -> House:
    found: House = request.getfixturevalue("join_ordered_house" if mutant.is_join_ordered else "mysql_house")
    return found


@pytest.mark.parametrize(
    ("whole", "examples"),
    [
        (Mutant(nothing, by="nobody"), EXAMPLES),
        (Mutant(nothing, by="nobody", is_risky=True, holding="probe"), EXAMPLES // 2),
        (Mutant(nothing, by="nobody", is_risky=True, holding="probe", is_join_ordered=True), EXAMPLES // 2),
        (Mutant(nothing, by="nobody", holding="shadow_cte"), EXAMPLES // 5),
    ],
)
def test_the_whole_guard_passes_the_same_examples(
    whole: Mutant, examples: int, request: pytest.FixtureRequest
) -> None:
    assert not judged(house_of(whole, request), whole, examples).killer
