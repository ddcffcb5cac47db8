"""The properties can fail: each defect, put in by hand, is noticed within a few examples."""

from __future__ import annotations

import pytest

from tests.properties.mutants_guard import GUARD_MUTANTS
from tests.properties.mutants_names import NAME_MUTANTS
from tests.properties.mutants_policy import POLICY_MUTANTS
from tests.properties.mutation import EXAMPLES, Mutant, judged, nothing
from tests.support.generator_house import House

MUTANTS = (*GUARD_MUTANTS, *NAME_MUTANTS, *POLICY_MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.title)
def test_a_defect_is_noticed(
    mutant: Mutant, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, found = judged(house_of(mutant, request), mutant, monkeypatch)
    print(f"{mutant.title}: after {judge.asked} examples by {found[:160] or 'nobody'}")
    assert found, f"{mutant.title} survives {EXAMPLES} examples"
    assert judge.killer == mutant.by


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
    whole: Mutant, examples: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = judged(house_of(whole, request), whole, monkeypatch, examples)
    assert not found
