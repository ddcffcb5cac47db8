"""An app that asks for a person sees what both may see: on every table, and in the rows that come back."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from lucky_mcp.decision.decide import decide, decide_table
from lucky_mcp.decision.rights import rights_of
from lucky_mcp.identity.claims import claims_of, principal_of
from lucky_mcp.model.decision import (
    Averaged,
    DenyReason,
    MaskName,
    Permit,
    Rule,
    TableDecision,
    TableDenied,
    VisibleColumn,
)
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.expressions import compile_filter
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.masks import strictest
from lucky_mcp.policy.policy_set import FilterRule, GrantRule, PolicySet
from tests.support.house import opened
from tests.support.policy_copies import policies_with
from tests.support.reference import CRM, SHOPS

ROLES = ("analyst", "data_engineer", "executive", "customer_care", "operations_manager", "people_analyst")
REFERENCES = {"us_shops": SHOPS}
OWN = {"shops": ("10001", "10002")}


def person(role: str) -> Principal:
    return Principal(subject="ann", roles=(role,), attributes=OWN)


def app(role: str) -> Principal:
    return Principal(subject="app:ask-lucky", roles=(role,), attributes=OWN)


def for_person(role: str, app_role: str) -> Principal:
    return dataclasses.replace(person(role), app=app(app_role))


def columns_of(decided: TableDecision) -> dict[str, VisibleColumn]:
    return {each.name: each for each in (*decided.columns, *decided.averaged)}


def holds(both: TableDecision, one: TableDecision, other: TableDecision) -> None:
    """Nothing of `both` is more than `one` or `other` has, on a view down to its tables."""
    theirs = (columns_of(one), columns_of(other))
    for name, column in columns_of(both).items():
        assert column.mask == strictest(each[name].mask for each in theirs), name
        assert set(column.masks_below) >= {mask for each in theirs for mask in each[name].masks_below}
    assert set(both.filters) == {*one.filters, *other.filters}
    assert {each.rule for each in both.requires} == {each.rule for each in (*one.requires, *other.requires)}
    assert (both.below is None) is (one.below is None)
    if both.below is not None and one.below is not None and other.below is not None:
        for found, mine, its in zip(both.below.tables, one.below.tables, other.below.tables, strict=True):
            holds(found, mine, its)


@pytest.mark.parametrize(("role", "app_role"), list(product(ROLES, ROLES)))
def test_on_every_table_it_is_what_both_have(demo_policies: PolicySet, role: str, app_role: str) -> None:
    shared = 0
    for source, tables in demo_policies.tables.items():
        for table in tables:
            args = (demo_policies.sources[source], table, demo_policies, REFERENCES)
            mine, its = decide_table(person(role), *args), decide_table(app(app_role), *args)
            both = decide_table(for_person(role, app_role), *args)
            if isinstance(both, TableDecision):
                assert isinstance(mine, TableDecision) and isinstance(its, TableDecision)
                holds(both, mine, its)
                shared += 1
            elif isinstance(mine, TableDecision) and isinstance(its, TableDecision):
                nothing_left = {DenyReason.NO_VISIBLE_COLUMN, DenyReason.REQUIREMENT_OUT_OF_REACH}
                assert both.reason in nothing_left, table
    assert shared or role != app_role


def test_the_smallest_bound_of_both_holds(demo_policies: PolicySet) -> None:
    bounds = []
    for caller in (
        for_person("data_engineer", "customer_care"),
        for_person("customer_care", "data_engineer"),
    ):
        found = decide(caller, demo_policies.sources[CRM], [], demo_policies, REFERENCES)
        assert isinstance(found, Permit)
        bounds.append(found.bound.rows_max)
    assert bounds == [50, 50]


def test_a_second_role_of_the_person_is_no_app(demo_policies: PolicySet) -> None:
    """Roles add up by table, an app takes away: what only one of them may read is denied."""
    table = TableName.parse("luckyus_sales_crm.t_user")
    args = (demo_policies.sources[CRM], table, demo_policies, REFERENCES)
    both_roles = Principal(subject="ann", roles=("analyst", "executive"))
    assert isinstance(decide_table(both_roles, *args), TableDecision)
    assert isinstance(decide_table(for_person("analyst", "executive"), *args), TableDenied)
    assert isinstance(decide_table(for_person("executive", "analyst"), *args), TableDenied)


def test_rights_are_others_for_each_app(demo_policies: PolicySet) -> None:
    callers = [person("analyst"), for_person("analyst", "analyst"), for_person("analyst", "executive")]
    assert len({rights_of(each, demo_policies, None) for each in callers}) == 3


@pytest.mark.parametrize(
    ("exempt", "filtered"),
    [("[ann]", True), ("['app:ask-lucky']", True), ("[ann, 'app:ask-lucky']", False)],
)
def test_both_must_be_exempt(exempt: str, filtered: bool, project_root: Path, tmp_path: Path) -> None:
    entry = (
        "    exemptions: [{table: luckyus_sales_crm.t_user, why: an audit, expires: 2027-03-31,"
        f" principals: {exempt}}}]\n    via:\n"
    )
    folder = policies_with(project_root, tmp_path / "policies", ("contracts.yaml", "    via:\n", entry))
    policies = load_policies(folder, {"DEMO_DATA": "data"})
    found = decide_table(
        for_person("analyst", "data_engineer"),
        policies.sources[CRM],
        TableName.parse("luckyus_sales_crm.t_user"),
        policies,
        REFERENCES,
        datetime(2027, 3, 1, tzinfo=UTC),
    )
    assert isinstance(found, TableDecision)
    assert bool(found.filters) is filtered
    assert bool(found.waivers) is not filtered


def test_what_holds_below_a_view_for_the_app_holds(demo_policies: PolicySet) -> None:
    """A grant of the app's role on a table below filters it there, whoever the person is."""
    warehouse, store = "redshift", TableName.parse("dwh_schema.dim_store")
    policy = demo_policies.tables[warehouse][store]
    rule = Rule(id="one-store", why="x")
    only = compile_filter("store_key = 1", demo_policies.catalogs[warehouse].tables[store])
    grant = GrantRule(
        roles=frozenset({"executive"}), masks={}, filter=FilterRule(filter=only, rule=rule), rule=rule
    )
    tables = {**demo_policies.tables[warehouse], store: dataclasses.replace(policy, grants=(grant,))}
    policies = dataclasses.replace(demo_policies, tables={**demo_policies.tables, warehouse: tables})
    view = TableName.parse("mart_schema.mart_daily_store_revenue")
    for caller in (for_person("analyst", "executive"), for_person("executive", "analyst")):
        found = decide_table(caller, policies.sources[warehouse], view, policies, REFERENCES)
        assert isinstance(found, TableDecision) and found.below is not None
        below = {each.table: each for each in found.below.tables}
        assert "one-store" in {each.rule.id for each in below[store].filters}


def test_a_mean_and_a_mask_have_nothing_in_common() -> None:
    from lucky_mcp.decision.intersection import both

    table = TableName.parse("a.b")
    pay = VisibleColumn(name="pay", type="INT")
    mean = dataclasses.replace(pay, mask=MaskName.MEAN, averaged=Averaged(group_min=10))
    key = VisibleColumn(name="id", type="INT")

    def decision(column: VisibleColumn) -> TableDecision:
        averaged = (column,) if column.mask is MaskName.MEAN else ()
        return TableDecision(
            table=table, columns=(key,) if averaged else (key, column), filters=(), averaged=averaged
        )

    others = {
        pay: (mean,),
        mean: (mean,),
        dataclasses.replace(pay, mask=MaskName.ROUND): (),
        dataclasses.replace(mean, averaged=Averaged(group_min=5)): (),
    }
    for other, left in others.items():
        for one, two in ((mean, other), (other, mean)):
            found = both(decision(one), decision(two))
            assert isinstance(found, TableDecision)
            assert found.columns == (key,) and found.averaged == left


async def test_rows_are_those_of_both(demo_policies: PolicySet) -> None:
    """Care masks names less than engineers do, and engineers list where care looks one customer up."""
    gateway = await opened(demo_policies)
    asked = "SELECT * FROM t_user WHERE user_no = (SELECT MIN(user_no) FROM t_user)"
    first = await gateway.read(person("data_engineer"), SqlRead(source=CRM, sql=asked))
    number = first.rows[0][first.columns.index("user_no")]
    one = SqlRead(source=CRM, sql=f"SELECT * FROM t_user_profile WHERE user_no = '{number}'")
    care = await gateway.read(for_person("customer_care", "data_engineer"), one)
    assert dict(care.receipt.masked)["first_name"] == "redact"
    assert "birthday" not in care.columns
    await gateway.close()


def test_claims_keep_the_app() -> None:
    caller = for_person("analyst", "executive")
    assert principal_of(claims_of(caller)) == caller
    claims = claims_of(caller)
    for wrong in (
        "app:x",
        {"sub": "ask-lucky", "roles": ["analyst"]},
        {"sub": "app:x", "roles": []},
        {"sub": "app:x", "roles": ["analyst"], "app": {"sub": "app:y", "roles": ["analyst"]}},
        {"sub": "app:x", "roles": ["system:catalog"]},
        None,
    ):
        with pytest.raises(ValueError, match=r"app|roles|role"):
            principal_of(claims | {"app": wrong})
