"""What each role comes with: its tools, its limits, and how it sees a column of each tag."""

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.decision.decide import decide, decide_table
from lucky_mcp.model.decision import DenyReason, Permit, TableDecision, TableDenied
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.levels import LEVELS
from lucky_mcp.policy.policy_set import ListedColumn, PolicySet
from tests.support.cases import CASES

ROLES: dict[str, dict[str, Any]] = YAML(typ="safe").load(
    (CASES / "decision" / "roles.yaml").read_text(encoding="utf-8")
)
CRM, USERS = "aws-luckyus-salescrm-rw", TableName.parse("luckyus_sales_crm.t_user")


def caller(role: str) -> Principal:
    return Principal(subject="somebody", roles=(role,))


def with_one_column(policies: PolicySet, role: str, tag: str) -> PolicySet:
    """Return the policies with a table of two columns, one of them tagged, granted to the role alone."""
    policy = policies.tables[CRM][USERS]
    columns = tuple(
        ListedColumn(name=name, type="VARCHAR", tags=tags, description="", joins=None)
        for name, tags in (("plain", ()), ("tagged", (tag,)))
    )
    changed = replace(
        policy,
        columns=columns,
        level="internal",
        contracts=(),
        via=(),
        denials=(),
        grants=(replace(policy.grants[0], roles=frozenset({role}), masks={}, filter=None, requires=None),),
    )
    return replace(policies, tables={CRM: {USERS: changed}})


def test_the_table_lists_every_role_of_people(demo_policies: PolicySet) -> None:
    assert set(ROLES) == {name for name in demo_policies.roles if not name.startswith("system:")}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_its_tools_and_limits(demo_policies: PolicySet, role: str) -> None:
    known = demo_policies.roles[role]
    assert (known.toolset, known.reads_up_to) == (ROLES[role]["toolset"], ROLES[role]["reads_up_to"])
    permit = decide(caller(role), demo_policies.sources[CRM], [], demo_policies, {})
    assert isinstance(permit, Permit)
    assert permit.bound.rows_max == ROLES[role]["rows_max"]


@pytest.mark.parametrize(("role", "tag"), [(role, tag) for role in ROLES for tag in ROLES[role]["tags"]])
def test_a_role_sees_a_tag_as_the_table_says(demo_policies: PolicySet, role: str, tag: str) -> None:
    policies = with_one_column(demo_policies, role, tag)
    found = decide_table(caller(role), policies.sources[CRM], USERS, policies, {})
    assert isinstance(found, TableDecision)
    masks = {column.name: str(column.mask or "") for column in found.columns}
    assert masks.pop("plain") == ""
    assert masks.get("tagged", "absent") == ROLES[role]["tags"][tag]


@pytest.mark.parametrize("role", [role for role in ROLES if ROLES[role]["reads_up_to"] != LEVELS[-1]])
def test_a_role_does_not_reach_above_its_level(demo_policies: PolicySet, role: str) -> None:
    policies = with_one_column(demo_policies, role, "customer.id")
    above = LEVELS[LEVELS.index(ROLES[role]["reads_up_to"]) + 1]
    raised = replace(policies.tables[CRM][USERS], level=above)
    policies = replace(policies, tables={CRM: {USERS: raised}})
    found = decide_table(caller(role), policies.sources[CRM], USERS, policies, {})
    assert isinstance(found, TableDenied)
    assert found.reason is DenyReason.ABOVE_LEVEL
