"""Floors in a decision: which columns they hold for, and that those of a person and of an app both hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.decision.intersection import both
from lucky_mcp.decision.rare_rows import with_floors
from lucky_mcp.model.decision import Averaged, MaskName, Merged, Rule, TableDecision, VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.policy_set import FloorRule, PolicySet
from tests.support.house import ANALYST
from tests.support.reference import CRM

NUMBER = VisibleColumn(name="id", type="INT")
GENDER = VisibleColumn(name="gender", type="VARCHAR(1)")
BORN = VisibleColumn(name="born", type="DATE")
YEAR = VisibleColumn(name="born", type="DATE", mask=MaskName.YEAR, rule=Rule(id="year"))
GONE = VisibleColumn(name="born", type="DATE", mask=MaskName.NULL)
PAY = VisibleColumn(name="born", type="INT", mask=MaskName.MEAN, averaged=Averaged(group_min=10))
FIVE = FloorRule(k_min=5, by=("gender", "born"), rule=Rule(id="five"))
TEN = FloorRule(k_min=10, by=("gender",), rule=Rule(id="ten"))
Floors = dict[str, list[tuple[int, tuple[VisibleColumn, ...]]]]


def decided(columns: tuple[VisibleColumn, ...], *floors: FloorRule) -> TableDecision:
    return TableDecision(table=TableName.parse("s.t"), columns=with_floors(columns, floors), filters=())


def floors_of(columns: tuple[VisibleColumn, ...]) -> Floors:
    return {
        each.name: sorted(((m.k_min, m.alike) for m in each.merged), key=lambda found: found[0])
        for each in columns
    }


def test_a_floor_is_on_each_of_its_columns_and_on_no_other() -> None:
    number, gender, born = with_floors((NUMBER, GENDER, BORN), (FIVE, None))
    merged = (Merged(k_min=5, alike=(GENDER, BORN), rule=FIVE.rule),)
    assert (number, gender.merged, born.merged) == (NUMBER, merged, merged)
    assert gender.mask is born.mask is MaskName.RARE and gender.rule == FIVE.rule


def test_every_floor_holds_beside_the_others() -> None:
    assert floors_of(with_floors((GENDER, BORN), (FIVE, TEN))) == {
        "gender": [(5, (GENDER, BORN)), (10, (GENDER,))],
        "born": [(5, (GENDER, BORN))],
    }


def test_rows_agree_by_what_is_shown() -> None:
    gender, year = with_floors((GENDER, YEAR), (FIVE,))
    assert gender.merged[0].alike == (GENDER, YEAR)
    assert (year.mask, year.rule) == (MaskName.YEAR, Rule(id="year"))


def test_floors_of_a_table_and_of_its_grants_hold(demo_policies: PolicySet) -> None:
    source, name = demo_policies.sources[CRM], TableName.parse("luckyus_sales_crm.t_user")
    table, grant = (
        FloorRule(k_min=rows, by=("country_code",), rule=Rule(id=title))
        for rows, title in ((5, "table"), (10, "grant"))
    )
    policy = demo_policies.tables[CRM][name]
    grants = tuple(replace(each, floor=grant) for each in policy.grants)
    changed = {name: replace(policy, floor=table, grants=grants)}
    policies = replace(demo_policies, tables={**demo_policies.tables, CRM: changed})
    found = decide_table(ANALYST, source, name, policies, {})
    assert isinstance(found, TableDecision)
    assert [rows for rows, _ in floors_of(found.columns)["country_code"]] == [5, 10]


@pytest.mark.parametrize("hidden", [GONE, PAY])
def test_what_shows_no_value_makes_nobody_rare(hidden: VisibleColumn) -> None:
    assert floors_of(with_floors((GENDER, hidden), (FIVE,))) == {"gender": [(5, (GENDER,))], "born": []}


@pytest.mark.parametrize(
    ("of_person", "of_app", "expected"),
    [
        ((), (FIVE,), {"gender": [(5, (GENDER, BORN))], "born": [(5, (GENDER, BORN))]}),
        ((FIVE,), (), {"gender": [(5, (GENDER, BORN))], "born": [(5, (GENDER, BORN))]}),
        ((FIVE,), (FIVE,), {"gender": [(5, (GENDER, BORN))], "born": [(5, (GENDER, BORN))]}),
        (
            (FIVE,),
            (TEN,),
            {"gender": [(5, (GENDER, BORN)), (10, (GENDER,))], "born": [(5, (GENDER, BORN))]},
        ),
        ((), (), {"gender": [], "born": []}),
    ],
)
def test_the_floors_of_a_person_and_of_an_app_both_hold(
    of_person: tuple[FloorRule, ...], of_app: tuple[FloorRule, ...], expected: Floors
) -> None:
    found = both(decided((GENDER, BORN), *of_person), decided((GENDER, BORN), *of_app))
    assert isinstance(found, TableDecision)
    assert floors_of(found.columns) == expected
    masks = {each.mask for each in found.columns if each.merged}
    assert masks <= {MaskName.RARE}


def test_rows_agree_by_what_is_shown_to_both() -> None:
    found = both(decided((NUMBER, GENDER, BORN), FIVE), decided((YEAR, GENDER), TEN))
    assert isinstance(found, TableDecision)
    assert floors_of(found.columns) == {
        "gender": [(5, (GENDER, YEAR)), (10, (GENDER,))],
        "born": [(5, (GENDER, YEAR))],
    }
    assert [each.mask for each in found.columns] == [MaskName.RARE, MaskName.YEAR]


def test_a_column_that_one_of_them_lacks_makes_nobody_rare() -> None:
    found = both(decided((GENDER, BORN), FIVE), decided((GENDER,)))
    assert isinstance(found, TableDecision)
    assert floors_of(found.columns) == {"gender": [(5, (GENDER,))]}
