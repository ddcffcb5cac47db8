"""Requirements of several rules, and what meets them: facts against options, without any statement."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.decision.required import in_words, judge
from lucky_mcp.model.decision import DenyReason, Requirement, Rule, TableDecision, TableDenied, VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.requirement import Equals, Equated, Fact, Named, Option, Range, Since, Until, Via
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.reference import CRM

USERS = TableName.parse("luckyus_sales_crm.t_user")
LOOKUP = "  - {id: customer-lookup, roles: [customer_care], why: one customer by number, requires: {equals: user_no}}\n"
NOW = datetime(2026, 2, 15, 7)
A, B = TableName.parse("s.a"), TableName.parse("s.b")


def decided_on(policies: PolicySet, *roles: str) -> TableDecision | TableDenied:
    return decide_table(Principal(subject="s", roles=roles), policies.sources[CRM], USERS, policies, {})


def needed(policies: PolicySet, *roles: str) -> list[str]:
    found = decided_on(policies, *roles)
    assert isinstance(found, TableDecision)
    return [in_words(each) for each in found.requires]


def test_another_role_brings_its_requirement_and_lifts_none(demo_policies: PolicySet) -> None:
    assert needed(demo_policies, "analyst") == []
    assert needed(demo_policies, "customer_care") == ["user_no = one value"]
    assert needed(demo_policies, "analyst", "customer_care") == ["user_no = one value"]


def test_all_requirements_of_all_grants_and_of_the_table_hold(
    changed_customers: Callable[[str, str], PolicySet],
) -> None:
    second = "  - {id: by-group, roles: [analyst], why: x, tables: [luckyus_sales_crm.t_user], requires: {equals: group_no}}\n"
    policies = changed_customers(LOOKUP, LOOKUP + second)
    assert needed(policies, "analyst") == ["group_no = one value"]
    assert needed(policies, "customer_care", "analyst") == ["user_no = one value", "group_no = one value"]


def test_what_no_role_sees_as_it_is_cannot_be_required_of_both(
    changed_customers: Callable[[str, str], PolicySet],
) -> None:
    hiding = "  - {id: no-numbers, roles: [data_engineer], why: x, masks: {user_no: redact}}\n"
    policies = changed_customers(LOOKUP, LOOKUP + hiding)
    assert isinstance(decided_on(policies, "data_engineer"), TableDecision)
    found = decided_on(policies, "data_engineer", "customer_care")
    assert isinstance(found, TableDenied)
    assert found.reason is DenyReason.REQUIREMENT_OUT_OF_REACH


def test_an_option_on_a_masked_column_falls_away(changed_customers: Callable[[str, str], PolicySet]) -> None:
    several = LOOKUP.replace("{equals: user_no}", "{any_of: [{equals: user_no}, {equals: group_no}]}")
    hiding = "  - {id: no-numbers, roles: [data_engineer], why: x, masks: {user_no: redact}}\n"
    policies = changed_customers(LOOKUP, several + hiding)
    assert needed(policies, "customer_care") == ["user_no = one value, or group_no = one value"]
    assert needed(policies, "data_engineer", "customer_care") == ["group_no = one value"]


def scan(table: TableName, *options: Option) -> TableDecision:
    columns = tuple(VisibleColumn(name=each, type="BIGINT") for each in ("k", "n", "t"))
    requires = (Requirement(options=options, rule=Rule(id="r")),) if options else ()
    return TableDecision(table=table, columns=columns, filters=(), requires=requires)


def unmet(scans: list[TableDecision], *facts: tuple[Fact, ...]) -> list[int]:
    return [at for at, _ in judge(scans, facts, NOW).unmet]


@pytest.mark.parametrize(
    ("values", "values_max", "met"),
    [({"1"}, 1, True), ({"1", "2"}, 1, False), ({"1", "2"}, 2, True), (set(), 1, False)],
)
def test_values_are_counted(values: set[str], values_max: int, met: bool) -> None:
    facts = (Named(column="k", values=frozenset(values)),)
    assert unmet([scan(A, Equals(column="k", values_max=values_max))], facts) == ([] if met else [0])


def test_the_smallest_of_two_sets_counts_and_other_columns_do_not() -> None:
    many, one = (Named(column="k", values=frozenset(each)) for each in ({"1", "2"}, {"2"}))
    assert unmet([scan(A, Equals(column="k"))], (many, one)) == []
    assert unmet([scan(A, Equals(column="n"))], (many, one)) == [0]


def test_a_value_is_carried_along_a_chain_and_around_a_circle() -> None:
    scans = [scan(A, Equals(column="k"))] * 3
    chain = [
        (Equated(column="k", other=1, other_column="k"),),
        (Equated(column="k", other=2, other_column="k"), Equated(column="k", other=0, other_column="k")),
        (Named(column="k", values=frozenset({"1"})), Equated(column="k", other=1, other_column="k")),
    ]
    assert unmet(scans, *chain) == []
    assert unmet(scans, *chain[:2], (Equated(column="k", other=1, other_column="k"),)) == [0, 1, 2]


def test_via_needs_a_parent_that_is_held_itself() -> None:
    scans = [scan(A, Equals(column="k")), scan(B, Via(column="n", parent=A))]
    join = (Equated(column="n", other=0, other_column="n"),)
    held = (Named(column="k", values=frozenset({"1"})),)
    assert unmet(scans, held, join) == []
    assert unmet(scans, (), join) == [0, 1]
    assert unmet(scans, held, (Equated(column="k", other=0, other_column="n"),)) == [1]
    assert unmet([scans[1], scans[1]], join, (Equated(column="n", other=0, other_column="n"),)) == [0, 1]


def test_a_value_is_carried_to_the_column_that_equals_it_alone() -> None:
    scans = [scan(A, Equals(column="k")), scan(B, Equals(column="k"))]
    named = (Named(column="k", values=frozenset({"1"})),)
    assert unmet(scans, (Equated(column="k", other=1, other_column="k"),), named) == []
    assert unmet(scans, (Equated(column="k", other=1, other_column="n"),), named) == [0]


def test_via_leads_by_its_column_to_its_parent_alone() -> None:
    held = (Named(column="k", values=frozenset({"1"})),)
    led = scan(B, Via(column="n", parent=A))
    parent, stranger = (scan(each, Equals(column="k")) for each in (A, B))
    by_n, by_other = (Equated(column="n", other=0, other_column=each) for each in ("n", "k"))
    assert unmet([parent, led], held, (by_n,)) == []
    assert unmet([stranger, led], held, (by_n,)) == [1]
    assert unmet([parent, led], held, (by_other,)) == [1]


def test_every_requirement_counts_and_one_option_of_it_is_enough() -> None:
    named = (Named(column="k", values=frozenset({"1"})),)
    one, other = scan(A, Equals(column="k")), scan(A, Equals(column="n"))
    assert unmet([replace(one, requires=(*one.requires, *other.requires))], named) == [0]
    assert unmet([scan(A, Equals(column="k"), Equals(column="n"))], named) == []


def test_a_range_is_that_of_its_own_column() -> None:
    near = (Since(column="n", at=NOW), Until(column="n", at=NOW))
    assert unmet([scan(A, Range(column="t", days_max=7))], near) == [0]
    assert unmet([scan(A, Range(column="n", days_max=7))], near) == []


def test_an_end_that_moves_with_the_clock_is_told() -> None:
    fixed, moving = (Until(column="t", at=NOW, moves=each) for each in (False, True))
    since = Since(column="t", at=NOW - timedelta(days=3))
    held = scan(A, Range(column="t", days_max=7))
    assert [judge([held], [(since, each)], NOW).moves for each in (fixed, moving)] == [False, True]


def test_two_tables_that_are_reached_through_each_other_hold_nobody() -> None:
    scans = [scan(A, Via(column="n", parent=B)), scan(B, Via(column="n", parent=A))]
    joins = [(Equated(column="n", other=other, other_column="n"),) for other in (1, 0)]
    assert unmet(scans, *joins) == [0, 1]


@pytest.mark.parametrize(
    ("since", "until", "met", "moves"),
    [
        (-7, None, True, True),
        (-7, 7, True, True),
        (-8, None, False, True),
        (-8, -1, True, False),
        (-8, 0, False, True),
        (-400, -393, True, False),
        (-400, -392, False, True),
        (3, -3, True, False),
        (None, 0, False, False),
    ],
)
def test_a_range_is_measured(since: int | None, until: int | None, met: bool, moves: bool) -> None:
    facts: list[Fact] = []
    if since is not None:
        facts.append(Since(column="t", at=NOW + timedelta(days=since)))
    if until is not None:
        facts.append(Until(column="t", at=NOW + timedelta(days=until)))
    judged = judge([scan(A, Range(column="t", days_max=7))], [tuple(facts)], NOW)
    assert (not judged.unmet, judged.moves) == (met, moves)


def test_the_latest_start_and_the_earliest_end_count() -> None:
    early, late = (Since(column="t", at=NOW - timedelta(days=days)) for days in (900, 100))
    far, near = (Until(column="t", at=NOW - timedelta(days=days)) for days in (1, 95))
    assert unmet([scan(A, Range(column="t", days_max=7))], (early, late, far, near)) == []
