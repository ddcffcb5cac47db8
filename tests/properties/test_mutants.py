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
def test_a_defect_is_noticed(mutant: Mutant, mysql_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, found = judged(mysql_house, mutant, monkeypatch)
    print(f"{mutant.title}: after {judge.asked} examples by {found[:160] or 'nobody'}")
    assert found, f"{mutant.title} survives {EXAMPLES} examples"
    assert judge.killer == mutant.by


@pytest.mark.parametrize(
    ("is_risky", "holding", "examples"),
    [(False, "", EXAMPLES), (True, "probe", EXAMPLES // 2), (False, "shadow_cte", EXAMPLES // 5)],
)
def test_the_whole_guard_passes_the_same_examples(
    is_risky: bool, holding: str, examples: int, mysql_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Mutant(nothing, by="nobody", is_risky=is_risky, holding=holding)
    _, found = judged(mysql_house, whole, monkeypatch, examples)
    assert not found
