"""No lie: the guarded answer over dirty data is the plain answer over data without what the role may not know."""

from __future__ import annotations

from tests.properties.fuzz import Case, each_case
from tests.properties.shares import Shares
from tests.support.generator_checks import Verdict, lie, touches_hidden
from tests.support.generator_house import House


def test_the_guarded_answer_is_the_twins(house: House) -> None:
    shares = Shares(f"transparency in {house.dialect}")
    last: list[Verdict] = []

    def check(case: Case) -> str:
        last[:] = [lie(case.query, case.world, house)]
        return last[0].wrong

    def count(case: Case) -> None:
        shares.add(case.query, *_outcomes(case, house, last[0]))
        if is_false_refusal(last[0]):
            shares.refused.append(f"{last[0].answer.reason}\n  {case!r}")

    each_case(house, check, count)
    shares.check("join", "nest", "touch")


def is_false_refusal(verdict: Verdict) -> bool:
    """Whether the guard refuses what the plain engine answers."""
    return verdict.answer.is_refusal and not verdict.twin.failure


def _outcomes(case: Case, house: House, verdict: Verdict) -> list[str]:
    outcomes = ["touch"] if touches_hidden(case.query, case.world, house, verdict.twin) else []
    if is_false_refusal(verdict):
        outcomes.append("refused")
    if verdict.answer.result is None and not verdict.answer.is_refusal:
        outcomes.append("failed")
    return [*outcomes, "undecided"] if verdict.is_undecided else outcomes
