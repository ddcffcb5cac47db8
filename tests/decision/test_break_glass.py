"""What is restricted is read by a grant to people by name, until it ends, and by nobody else."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.gateway.receipts import condition, waivers_recorded
from lucky_mcp.model.decision import (
    DenyReason,
    MaskName,
    Permit,
    TableDecision,
    TableDenied,
    WaiverKind,
)
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.policy_copies import policies_with
from tests.support.reference import SHOPS

DIFY, ASKED = "aws-luckyus-dify-rw", TableName.parse("public.conversations")
ORDERS, HEADERS = "aws-luckyus-salesorder-rw", TableName.parse("luckyus_sales_order.t_sales_order_m")
DURING, AFTER = datetime(2027, 1, 31, 23, 59, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
ZOE = Principal(subject="zoe@example.com", roles=("data_engineer",))
GRANT = """grants:
  - id: dify-break-glass
    principals: [zoe@example.com]
    why: incident 4711
    expires: 2027-01-31
    tables: [public.conversations]
    masks: {created_at: year}
    row_filter: "app_id = 'app-1'"
  - {id: dify-role, roles: [analyst], why: does not open what is restricted}
"""
END = "      encrypted_config: {tags: [secret]}\n      created_at: {}\n"
HEADER_COLUMNS = "      order_no: {}\n"


@pytest.fixture(scope="module")
def broken(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    folder = policies_with(
        project_root,
        tmp_path_factory.mktemp("broken") / "policies",
        ("datasets/platform/dify.yaml", END, f"{END}{GRANT}"),
        (
            "datasets/sales/orders.yaml",
            HEADER_COLUMNS,
            "      order_no: {classification: restricted}\n",
        ),
        (
            "datasets/sales/orders.yaml",
            "\ngrants:\n",
            "\ngrants:\n  - {id: orders-break-glass, principals: [zoe@example.com], why: incident 4711,"
            f" expires: 2027-01-31, tables: [{HEADERS}]}}\n",
        ),
    )
    return load_policies(folder, {"DEMO_DATA": "data"})


def decided(
    policies: PolicySet,
    principal: Principal,
    now: datetime | None = DURING,
    source: str = DIFY,
    table: TableName = ASKED,
) -> TableDecision | TableDenied:
    return decide_table(principal, policies.sources[source], table, policies, {"us_shops": SHOPS}, now)


def shown(found: TableDecision | TableDenied) -> dict[str, MaskName | None]:
    assert isinstance(found, TableDecision), found
    return {column.name: column.mask for column in found.columns}


def test_a_named_person_reads_what_is_restricted_with_the_masks_of_the_role(broken: PolicySet) -> None:
    found = decided(broken, ZOE)
    assert shown(found) == {
        "id": None,
        "app_id": None,
        "from_end_user_id": None,
        "summary": MaskName.SCRUB,
        "created_at": MaskName.YEAR,
    }
    assert isinstance(found, TableDecision)
    assert [condition(each.predicate) for each in found.filters] == ["app_id = 'app-1'"]
    (waiver,) = found.waivers
    assert waiver.kind is WaiverKind.BREAK_GLASS
    assert str(waiver) == ("read by a grant to you alone until 2027-01-31 (dify-break-glass): incident 4711")
    permit = Permit(tables=(found,), bound=broken.bound_default)
    assert waivers_recorded(permit) == (
        "break-glass dify-break-glass public.conversations until 2027-01-31: incident 4711",
    )


@pytest.mark.parametrize("now", [AFTER, None])
def test_it_ends_by_itself(broken: PolicySet, now: datetime | None) -> None:
    found = decided(broken, ZOE, now)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.NO_GRANT


def test_it_is_for_nobody_else(broken: PolicySet) -> None:
    other = dataclasses.replace(ZOE, subject="zoe@example.org")
    assert isinstance(decided(broken, other), TableDenied)


def test_no_role_reaches_what_is_restricted(broken: PolicySet) -> None:
    analyst = Principal(subject="ann", roles=("analyst",))
    found = decided(broken, analyst)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.ABOVE_LEVEL
    everything = {
        name: dataclasses.replace(role, reads_up_to="restricted") for name, role in broken.roles.items()
    }
    found = decided(dataclasses.replace(broken, roles=everything), analyst)
    assert isinstance(found, TableDenied) and found.reason is DenyReason.ABOVE_LEVEL


def test_another_role_of_the_person_shows_less(broken: PolicySet) -> None:
    """All of its roles act, so that the mask of the other one takes the summary away."""
    both = dataclasses.replace(ZOE, roles=("data_engineer", "executive"))
    assert "summary" not in shown(decided(broken, both))


def test_a_person_whose_roles_are_gone_reads_nothing(broken: PolicySet) -> None:
    nobody = dataclasses.replace(ZOE, roles=("gone",))
    assert isinstance(decided(broken, nobody), TableDenied)


def test_a_restricted_column_is_seen_by_the_person_alone(broken: PolicySet) -> None:
    engineer = dataclasses.replace(ZOE, subject="dan")
    at = {"source": ORDERS, "table": HEADERS}
    without = shown(decided(broken, engineer, **at))  # type: ignore[arg-type]
    assert "order_no" not in without and "order_id" in without
    assert shown(decided(broken, ZOE, **at)) == without | {"order_no": None}  # type: ignore[arg-type]
    assert shown(decided(broken, ZOE, AFTER, **at)) == without  # type: ignore[arg-type]


@pytest.mark.parametrize(("level", "is_seen"), [("internal", True), ("confidential", False)])
def test_a_column_above_the_level_of_a_role_is_absent(
    level: str, is_seen: bool, project_root: Path, tmp_path: Path
) -> None:
    """Managers read up to internal; analysts further; together they see what each of them sees."""
    change = ("datasets/sales/orders.yaml", HEADER_COLUMNS, f"      order_no: {{classification: {level}}}\n")
    folder = policies_with(project_root, tmp_path / "policies", change)
    policies = load_policies(folder, {"DEMO_DATA": "data"})
    manager = Principal(subject="mo", roles=("operations_manager",), attributes={"shops": ("10001",)})
    analyst = dataclasses.replace(manager, roles=("analyst",))
    both = dataclasses.replace(manager, roles=("analyst", "operations_manager"))
    at = {"source": ORDERS, "table": HEADERS}
    for caller, expected in ((manager, is_seen), (analyst, True), (both, is_seen)):
        assert ("order_no" in shown(decided(policies, caller, **at))) is expected  # type: ignore[arg-type]
