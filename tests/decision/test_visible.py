"""Who sees which columns, masks and rows: the whole table of roles and tables, and the rules of combining."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.decision.decide import decide, decide_table
from lucky_mcp.decision.required import in_words
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.model.decision import Deny, DenyReason, Permit, TableDecision, TableDenied
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.cases import CASES

REFERENCES = {"us_shops": (10001, 10002)}
TABLE: dict[str, dict[str, Any]] = {
    table: entry
    for path in sorted((CASES / "decision").glob("visible*.yaml"))
    for table, entry in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items()
}
ROLES = ["analyst", "data_engineer", "executive", "dba", "customer_care", "operations_manager"]
ROLES += ["ml_engineer", "security_reviewer", "system:catalog", "system:reference", "nobody"]


def caller(*roles: str) -> Principal:
    return Principal(subject="somebody", roles=roles, attributes={"shops": ("10001",)})


def decided_on(policies: PolicySet, table: str, *roles: str) -> TableDecision | TableDenied:
    source = policies.sources[TABLE[table]["source"]]
    return decide_table(caller(*roles), source, TableName.parse(table), policies, REFERENCES)


def test_the_table_lists_every_governed_table(demo_policies: PolicySet) -> None:
    governed = {str(table) for tables in demo_policies.tables.values() for table in tables}
    assert set(TABLE) == governed
    assert {role for entry in TABLE.values() for role in entry["roles"]} <= set(demo_policies.roles)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", TABLE)
def test_a_role_sees_what_the_table_says(demo_policies: PolicySet, table: str, role: str) -> None:
    found = decided_on(demo_policies, table, role)
    expected = TABLE[table]["roles"].get(role)
    if expected is None:
        assert found == TableDenied(table=TableName.parse(table), reason=DenyReason.NO_GRANT)
        return
    assert isinstance(found, TableDecision)
    shown = [f"{column.name}: {column.mask}" if column.mask else column.name for column in found.columns]
    assert shown == expected["columns"]
    assert [condition(each.predicate) for each in found.filters] == expected["filters"]
    assert [in_words(each) for each in found.requires] == expected.get("requires", [])


def test_no_role_at_all_sees_nothing(demo_policies: PolicySet) -> None:
    assert all(isinstance(decided_on(demo_policies, table), TableDenied) for table in TABLE)


@pytest.mark.parametrize(
    "table",
    ["luckyus_sales_crm.t_other", "other.t_user", "information_schema.tables", "LUCKYUS_SALES_CRM.T_USER"],
)
def test_a_table_in_no_dataset_file_is_denied(demo_policies: PolicySet, table: str) -> None:
    source = demo_policies.sources["aws-luckyus-salescrm-rw"]
    found = decide_table(caller("analyst"), source, TableName.parse(table), demo_policies, REFERENCES)
    assert isinstance(found, TableDenied)
    assert found.reason is DenyReason.NO_GRANT


def test_one_denied_table_denies_the_whole_query(demo_policies: PolicySet) -> None:
    source = demo_policies.sources["aws-luckyus-salescrm-rw"]
    tables = [TableName.parse(name) for name in ("luckyus_sales_crm.t_user", "luckyus_sales_crm.t_other")]
    assert isinstance(decide(caller("analyst"), source, tables[:1], demo_policies, REFERENCES), Permit)
    both = decide(caller("analyst"), source, tables, demo_policies, REFERENCES)
    assert isinstance(both, Deny)
    assert [denied.table for denied in both.denied] == tables[1:]


@pytest.mark.parametrize("references", [{}, {"us_shops": ()}, {"other": (1,)}])
def test_a_missing_or_empty_reference_set_denies(
    demo_policies: PolicySet, references: dict[str, tuple[int, ...]]
) -> None:
    for table in (
        "public.store_location",
        "luckyus_sales_order.t_sales_order_m",
        "luckyus_sales_order.t_order_item",
    ):
        source = demo_policies.sources[TABLE[table]["source"]]
        found = decide_table(caller("analyst"), source, TableName.parse(table), demo_policies, references)
        assert isinstance(found, TableDenied), table
        assert found.reason is DenyReason.REFERENCE_UNAVAILABLE


def test_a_table_that_needs_no_reference_set_does_without(demo_policies: PolicySet) -> None:
    source = demo_policies.sources["aws-luckyus-salescrm-rw"]
    table = TableName.parse("luckyus_sales_crm.t_user")
    assert isinstance(decide_table(caller("analyst"), source, table, demo_policies, {}), TableDecision)


@pytest.mark.parametrize(
    ("roles", "rows_max", "timeout_ms"),
    [
        (("analyst",), 1000, 10000),
        (("data_engineer",), 5000, 10000),
        (("data_engineer", "analyst"), 1000, 10000),
        (("analyst", "data_engineer", "dba"), 500, 10000),
        (("analyst", "nobody"), 500, 10000),
        (("system:catalog",), 1000000, 60000),
        (("system:catalog", "analyst"), 1000, 10000),
    ],
)
def test_the_smallest_bound_wins(
    demo_policies: PolicySet, roles: tuple[str, ...], rows_max: int, timeout_ms: int
) -> None:
    source = demo_policies.sources["aws-luckyus-salescrm-rw"]
    permit = decide(caller(*roles), source, [], demo_policies, REFERENCES)
    assert isinstance(permit, Permit)
    assert (permit.bound.rows_max, permit.bound.timeout_ms) == (rows_max, timeout_ms)


@pytest.mark.parametrize(("role", "rows_max"), [("analyst", 70), ("system:catalog", 1000000)])
def test_a_kind_of_source_limits_people_as_well(demo_policies: PolicySet, role: str, rows_max: int) -> None:
    source = demo_policies.sources["aws-luckyus-salescrm-rw"]
    policies = replace(demo_policies, bounds_by_kind={source.kind: {"rows_max": 70}})
    principal = Principal(subject=role, roles=(role,))
    permit = decide(principal, source, [], policies, REFERENCES)
    assert isinstance(permit, Permit)
    assert permit.bound.rows_max == rows_max


DatasetChange = Callable[[str, str], PolicySet]
GRANT = (
    "  - {id: customers-read, roles: [analyst, data_engineer], why: customer analysis without personal data}"
)


@pytest.mark.parametrize(
    ("added", "roles", "absent"),
    [
        ("denials:\n  - {id: d, roles: [analyst], why: x}", ("analyst",), "everything"),
        ("denials:\n  - {id: d, roles: [analyst], why: x}", ("data_engineer",), ""),
        ("denials:\n  - {id: d, roles: [analyst], why: x}", ("data_engineer", "analyst"), "everything"),
        ("denials:\n  - {id: d, roles: [dba], why: x}", ("analyst", "dba"), "everything"),
        ("denials:\n  - {id: d, roles: [analyst], why: x, columns: [phone]}", ("analyst",), "phone"),
        (
            "denials:\n  - {id: d, roles: [analyst], why: x, columns: [phone]}",
            ("data_engineer", "analyst"),
            "phone",
        ),
        ("denials:\n  - {id: d, roles: [analyst], why: x, columns: [phone]}", ("data_engineer",), ""),
    ],
)
def test_a_denial_wins_over_every_grant(
    changed_customers: DatasetChange, added: str, roles: tuple[str, ...], absent: str
) -> None:
    policies = changed_customers(
        GRANT, f"{GRANT}\n  - {{id: again, roles: [analyst, data_engineer, dba], why: x}}\n{added}"
    )
    found = decided_on(policies, "luckyus_sales_crm.t_user", *roles)
    if absent == "everything":
        assert isinstance(found, TableDenied)
        return
    assert isinstance(found, TableDecision)
    assert ("phone" in [column.name for column in found.columns]) is (absent != "phone")


def test_grants_of_two_roles_are_all_obeyed(changed_customers: DatasetChange) -> None:
    policies = changed_customers(
        GRANT,
        "  - {id: a, roles: [analyst], why: x, row_filter: \"user_no = 'G1'\"}\n"
        "  - {id: b, roles: [data_engineer], why: x, row_filter: \"user_no <> 'G2'\", masks: {user_no: redact}}",
    )
    found = decided_on(policies, "luckyus_sales_crm.t_user", "analyst", "data_engineer")
    assert isinstance(found, TableDecision)
    assert [condition(each.predicate) for each in found.filters] == [
        "country_code = 'US'",
        "user_no = 'G1'",
        "user_no <> 'G2'",
    ]
    masks = {column.name: str(column.mask) for column in found.columns if column.mask}
    assert masks == {"user_no": "redact", "phone": "last4", "email": "redact"}


def test_every_role_that_a_grant_names_must_reach_the_level(changed_customers: DatasetChange) -> None:
    policies = changed_customers(GRANT, "  - {id: both, roles: [analyst, dba], why: x}")
    assert isinstance(decided_on(policies, "luckyus_sales_crm.t_user", "analyst"), TableDecision)
    for roles in (("dba",), ("analyst", "dba"), ("dba", "analyst")):
        found = decided_on(policies, "luckyus_sales_crm.t_user", *roles)
        assert isinstance(found, TableDenied)
        assert found.reason is DenyReason.ABOVE_LEVEL


def test_a_role_that_no_grant_names_has_no_say(demo_policies: PolicySet) -> None:
    alone = decided_on(demo_policies, "luckyus_sales_crm.t_user", "analyst")
    assert isinstance(alone, TableDecision)
    assert "phone" in [column.name for column in alone.columns]
    assert decided_on(demo_policies, "luckyus_sales_crm.t_user", "analyst", "executive") == alone


def test_a_grant_cannot_loosen_the_mask_of_its_role(changed_customers: DatasetChange) -> None:
    policies = changed_customers(
        GRANT, GRANT.replace("why:", "masks: {email: email_domain, phone: last4}, why:")
    )
    found = decided_on(policies, "luckyus_sales_crm.t_user", "analyst")
    assert isinstance(found, TableDecision)
    assert {column.name: str(column.mask) for column in found.columns if column.mask} == {
        "phone": "last4",
        "email": "redact",
    }


def test_an_attribute_of_the_caller_is_needed_and_obeyed(changed_customers: DatasetChange) -> None:
    policies = changed_customers(
        GRANT, GRANT.replace("why:", 'row_filter: "user_no IN :principal.groups", why:')
    )
    source = policies.sources["aws-luckyus-salescrm-rw"]
    table = TableName.parse("luckyus_sales_crm.t_user")
    for attributes, filters in (
        ({}, None),
        ({"groups": ()}, None),
        ({"group": ("G1",)}, None),
        ({"groups": ("G1", "G2")}, ["country_code = 'US'", "user_no in :principal.groups"]),
    ):
        principal = Principal(subject="s", roles=("analyst",), attributes=attributes)
        found = decide_table(principal, source, table, policies, REFERENCES)
        if filters is None:
            assert isinstance(found, TableDenied)
            assert found.reason is DenyReason.POLICY_ERROR
        else:
            assert isinstance(found, TableDecision)
            assert [condition(each.predicate) for each in found.filters] == filters


def test_an_expired_contract_still_filters(changed_contracts: DatasetChange) -> None:
    policies = changed_contracts("expires: 2027-12-31", "expires: 2001-01-01")
    found = decided_on(policies, "luckyus_sales_crm.t_user", "analyst")
    assert isinstance(found, TableDecision)
    assert [condition(each.predicate) for each in found.filters] == ["country_code = 'US'"]


@pytest.mark.parametrize(
    ("level", "visible"),
    [("public", True), ("internal", True), ("confidential", True), ("restricted", False)],
)
def test_a_table_above_the_level_of_a_role_is_denied(
    changed_customers: DatasetChange, level: str, visible: bool
) -> None:
    policies = changed_customers("classification: confidential", f"classification: {level}")
    found = decided_on(policies, "luckyus_sales_crm.t_user", "analyst")
    assert isinstance(found, TableDecision) is visible
    if isinstance(found, TableDenied):
        assert found.reason is DenyReason.ABOVE_LEVEL
