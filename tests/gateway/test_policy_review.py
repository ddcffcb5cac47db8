"""What reviewers are told without a database: the matrix, explanations and the questions beside datasets."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError, SourceUnavailable
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.review.explain import Reviewed, explain_as
from lucky_mcp.gateway.review.matrix import matrix
from lucky_mcp.gateway.review.offline import offline_gateway
from lucky_mcp.gateway.review.run_expectations import run_expectations
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.offline import load_offline
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST

NOW = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)
ORDERS = "SELECT shop_id, COUNT(*) AS n FROM t_sales_order_m GROUP BY shop_id"
PRODUCTION = "SELECT 1 FROM luckyus_opproduction.t_production_order"


@pytest.fixture(scope="module")
def policies(project_root: Path) -> PolicySet:
    return load_offline(project_root / "policies")


async def asked(policies: PolicySet, role: str, source: str, sql: str, **attributes: str) -> Reviewed:
    caller = Principal(subject="r", roles=(role,), attributes={k: (v,) for k, v in attributes.items()})
    return await explain_as(policies, caller, source, sql, NOW)


async def test_the_text_is_that_of_a_read_with_names_for_values(
    policies: PolicySet, gateway: Gateway
) -> None:
    """Held against the server's own explanation, whose reference values were read from the demo."""
    reviewed = await asked(policies, "analyst", "salesorder", ORDERS)
    real = await gateway.explain(ANALYST, SqlRead(source="salesorder", sql=ORDERS))
    before, _, after = reviewed.sql_runs.partition(":ref.us_shops")
    assert real.sql_sent.startswith(before) and real.sql_sent.endswith(after) and after
    assert reviewed.applied == real.applied


async def test_an_offline_gateway_reads_nothing(policies: PolicySet) -> None:
    with pytest.raises(SourceUnavailable):
        await offline_gateway(policies, NOW).read(ANALYST, SqlRead(source="salesorder", sql=ORDERS))


async def test_a_hidden_column_has_its_rule(policies: PolicySet) -> None:
    reviewed = await asked(policies, "analyst", "salescrm", "SELECT first_name FROM t_user_profile")
    assert reviewed.code == "UNKNOWN_NAME"
    assert "first_name" not in reviewed.told.replace("'first_name'", "")
    (cause,) = [each for each in reviewed.hidden if each.what.endswith(".first_name")]
    assert (cause.rule_id, cause.place.partition(":")[0]) == ("analyst:pii.name", "roles.yaml")
    assert cause.why == "analyst sees no column with the tag pii.name"


async def test_a_denied_column_has_its_denial(project_root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(project_root / "policies", folder)
    path = folder / "datasets" / "map" / "locations.yaml"
    denial = "denials:\n  - {id: no-places, roles: [analyst], why: not needed, columns: [lat]}\n"
    path.write_text(path.read_text(encoding="utf-8") + denial, encoding="utf-8")
    reviewed = await asked(
        load_offline(folder), "analyst", "pgilkmap", "SELECT lon FROM public.store_location"
    )
    (cause,) = reviewed.hidden
    assert (cause.what, cause.why) == ("public.store_location.lat", "denied: not needed")
    assert cause.place == f"datasets/map/locations.yaml:{len(path.read_text().splitlines())}"


@pytest.mark.parametrize(
    ("role", "source", "sql", "why"),
    [
        ("dba", "salesorder", "SELECT * FROM t_order_item", "no grant for these roles; granted to analyst"),
        (
            "analyst",
            "iehr",
            "SELECT * FROM luckyus_ehr.t_employee",
            "no grant for these roles; granted to people_analyst",
        ),
        ("operations_manager", "opproduction", PRODUCTION, "policy could not be evaluated"),
        ("analyst", "s3-data-lake", "SELECT phone FROM processed.customers", "no grant"),
    ],
)
async def test_a_denied_table_has_its_reason(
    policies: PolicySet, role: str, source: str, sql: str, why: str
) -> None:
    reviewed = await asked(policies, role, source, sql)
    assert reviewed.code != "permit"
    assert any(cause.why.startswith(why) for cause in reviewed.hidden), reviewed.hidden


async def test_a_column_that_nobody_lists_is_said_to_be_so(policies: PolicySet) -> None:
    reviewed = await asked(
        policies, "data_engineer", "s3-data-lake", "SELECT user_no FROM processed.customers"
    )
    assert reviewed.code == "permit"
    (cause,) = reviewed.hidden
    assert cause.what == "processed.customers.phone_hash"
    assert cause.why == "no dataset file lists it and no classifier tags it"
    assert dict(reviewed.columns)["processed.customers.phone_hash"] == "absent"


async def test_attributes_decide(policies: PolicySet) -> None:
    table = next(iter(policies.tables["aws-luckyus-opproduction-rw"]))
    reviewed = await asked(
        policies, "operations_manager", "opproduction", f"SELECT 1 FROM {table}", shops="7"
    )
    assert reviewed.code == "permit"
    assert "IN (7)" in reviewed.sql_runs


@pytest.mark.parametrize(
    "sql", ["", "SELECT", "DROP TABLE x", "SELECT * FROM no_such_table", "SELECT sleep(9)"]
)
async def test_what_is_refused_before_any_policy_needs_no_cause(policies: PolicySet, sql: str) -> None:
    reviewed = await asked(policies, "analyst", "salesorder", sql)
    assert reviewed.code != "permit"
    assert reviewed.hidden == ()


def test_the_matrix_shows_masks_absence_and_rows(policies: PolicySet) -> None:
    (table,) = matrix(policies, source="salescrm", table="t_user_profile", roles=("analyst", "data_engineer"))
    analyst, engineer = table.by_role
    assert [analyst.shown(name) for name in ("gender", "first_name")] == ["plain", "absent"]
    assert [engineer.shown(name) for name in ("first_name", "birthday")] == ["redact", "null"]
    assert [rule.id for _, rule in analyst.conditions] == ["us-market"]


def test_every_listed_table_is_in_the_matrix(policies: PolicySet) -> None:
    keyed = {name for name, source in policies.sources.items() if source.is_keyed}
    every = {(table.source, table.table) for table in matrix(policies)}
    shown = {each for each in every if each[0] not in keyed}
    assert {source for source, _ in every - shown} == set(policies.keys)
    assert shown == {(name, str(table)) for name, tables in policies.tables.items() for table in tables}


@pytest.mark.parametrize("wrong", [{"roles": ("no",)}, {"source": "no"}, {"table": "no"}])
def test_the_matrix_of_what_is_not_there(policies: PolicySet, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="'no'"):
        list(matrix(policies, **wrong))  # type: ignore[arg-type]


async def test_the_projects_own_questions_are_answered_as_expected(
    policies: PolicySet, project_root: Path
) -> None:
    outcomes = await run_expectations(policies, project_root / "policies", NOW)
    assert {outcome.place.partition(":")[0] for outcome in outcomes} >= {
        "datasets/sales/orders.test.yaml",
        "datasets/crm/customers.test.yaml",
    }
    assert [outcome for outcome in outcomes if outcome.differences] == []


WRONG = [
    ("expect: UNKNOWN_NAME", "expected UNKNOWN_NAME, got permit"),
    ("rules: [us-market]", "expected the rules us-market, got orders-read, us-market"),
    ("columns: {remark: plain}", "expected remark plain, got scrub"),
    ("columns: {remarks: plain}", "no table of the question has a column 'remarks'"),
    ("columns: {order_id: plain}", "'order_id' is a column of 2 tables"),
    ("denied_by: no grant", "expected to be denied by 'no grant', got none"),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
async def test_an_expectation_that_is_not_met_fails(
    policies: PolicySet, tmp_path: Path, line: str, said: str
) -> None:
    folder = tmp_path / "datasets" / "sales"
    folder.mkdir(parents=True)
    sql = "SELECT 1 FROM t_sales_order_m JOIN t_order_item USING (order_id)"
    text = f"source: salesorder\ntests:\n  - name: a\n    as: analyst\n    sql: {sql}\n    {line}\n"
    (folder / "a.test.yaml").write_text(text, encoding="utf-8")
    (outcome,) = await run_expectations(policies, tmp_path, NOW)
    assert outcome.place == "datasets/sales/a.test.yaml:3"
    assert any(difference.startswith(said) for difference in outcome.differences), outcome.differences


async def test_a_misshapen_file_is_refused(policies: PolicySet, tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "a.test.yaml").write_text("tests: []\nsource: x\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"a\.test\.yaml:1: tests"):
        await run_expectations(policies, tmp_path, NOW)
