"""`policy lint` finds what the loader refuses, at the same place, and more; one fault does not hide another."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.lint.personal_names import looks_personal
from lucky_mcp.policy.lint.rules import RULES, Severity
from lucky_mcp.policy.lint.run import LintReport, lint
from tests.policy.conftest import Change
from tests.support.cases import CASES, FaultCase, fault_cases

TODAY = date(2026, 2, 15)
# Whether a variable is set is no matter of the files.
LOADER_FAULTS = [fault for fault in fault_cases() if fault.said != "NOT_SET_HERE"]
LINT_FAULTS = fault_cases(CASES / "policy" / "lint.yaml")


def said(report: LintReport) -> list[str]:
    return [f"{each.place}: {each.severity} {each.rule}: {each.what}" for each in report.findings]


def lines_of(directory: Path, fault: FaultCase) -> range:
    """The lines that a change leaves changed."""
    text = (directory / fault.file).read_text(encoding="utf-8")
    position = text.index(fault.old) + (len(fault.old) - len(fault.old.lstrip()))
    first = text.count("\n", 0, position) + 1
    return range(first, first + fault.new.count("\n") + 1)


def test_the_projects_own_policies_are_clean(project_root: Path) -> None:
    report = lint(project_root / "policies", date.today())
    assert said(report) == []
    assert report.acknowledged


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.title) for fault in LOADER_FAULTS])
def test_what_stops_the_load_is_found_at_its_place(directory: Path, change: Change, fault: FaultCase) -> None:
    lines = lines_of(directory, fault)
    change(fault.file, fault.old, fault.new)
    report = lint(directory, TODAY)
    found = [each for each in report.findings if each.severity is Severity.ERROR and fault.said in each.what]
    assert found, said(report)
    if not fault.near:
        assert any(each.file == fault.file and each.line in lines for each in found), said(report)


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.title) for fault in LINT_FAULTS])
def test_what_loads_and_is_wrong_is_found(directory: Path, change: Change, fault: FaultCase) -> None:
    lines = lines_of(directory, fault)
    change(fault.file, fault.old, fault.new)
    report = lint(directory, TODAY)
    found = [
        each for each in report.findings if f"{each.severity} {each.rule}: {each.what}".startswith(fault.said)
    ]
    assert found, said(report)
    if not fault.near:
        assert all(each.file == fault.file and each.line in lines for each in found), said(report)


def test_one_run_shows_faults_of_all_files(directory: Path, change: Change) -> None:
    change("roles.yaml", "toolset: engineer", "tool_set: engineer")
    change("references.yaml", "source: aws-luckyus-opshop-rw", "source: opshop")
    change("datasets/sales/orders.yaml", "      order_no: {}", "      order_nr: {}\n      order_nx: {}")
    change("datasets/map/locations.yaml", "why: distances and maps", "why: x")
    change("contracts.yaml", "expires: 2027-12-31", "expires: 2025-12-31")
    rules = [each.rule for each in lint(directory, TODAY).findings if each.severity is Severity.ERROR]
    assert sorted(rules) == ["contract-expired", "no-why", "reference", "shape"]
    change("roles.yaml", "tool_set: engineer", "toolset: engineer")
    rules = [each.rule for each in lint(directory, TODAY).findings if each.severity is Severity.ERROR]
    assert sorted(rules) == ["column", "column", "contract-expired", "no-why", "reference"]


def test_a_file_that_cannot_be_read_leaves_the_others_checked(directory: Path, change: Change) -> None:
    (directory / "tags.yaml").write_text("sensitive: [", encoding="utf-8")
    (directory / "catalog" / "aws-luckyus-opshop-rw.json").write_text("[]", encoding="utf-8")
    change("contracts.yaml", "expires: 2027-12-31", "expires: 2025-12-31")
    report = lint(directory, TODAY)
    assert report.is_incomplete
    unreadable = {each.file for each in report.findings if each.rule == "unreadable"}
    assert unreadable == {"tags.yaml", "catalog/aws-luckyus-opshop-rw.json"}
    assert any(each.rule == "contract-expired" for each in report.findings)


def test_tables_outside_the_contract_are_counted_by_source(directory: Path) -> None:
    path = directory / "catalog" / "aws-luckyus-opshop-rw.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    bare = {"comment": "", "columns": [], "primary_key": [], "indexes": []}
    document["tables"] |= {f"luckyus_opshop.t_new{number}": bare for number in range(7)}
    path.write_text(json.dumps(document), encoding="utf-8")
    (gap,) = [each for each in lint(directory, TODAY).findings if each.rule == "contract-gap"]
    assert gap.file == "contracts.yaml"
    assert gap.what.endswith("luckyus_opshop.t_new4 and 2 more tables of aws-luckyus-opshop-rw")


def test_a_catalog_needs_a_dataset_file_and_a_source(directory: Path) -> None:
    (directory / "datasets" / "map" / "locations.yaml").unlink()
    folder = directory / "catalog"
    (folder / "gone.json").write_bytes((folder / "redshift.json").read_bytes())
    found = {each.rule: each.place for each in lint(directory, TODAY).findings}
    assert found["catalog-without-source"] == "catalog/gone.json:1"
    assert found["catalog-without-dataset"].startswith("sources.yaml:")


def test_questions_beside_a_dataset_have_their_shape(directory: Path, change: Change) -> None:
    change(
        "datasets/sales/orders.test.yaml", "    expect: PREDICATE_REQUIRED", "    expects: PREDICATE_REQUIRED"
    )
    (finding,) = lint(directory, TODAY).findings
    assert (finding.rule, finding.file) == ("shape", "datasets/sales/orders.test.yaml")


def test_a_view_that_nobody_lists_is_filtered_below(directory: Path) -> None:
    path = directory / "catalog" / "redshift.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    view = next(body for body in document["tables"].values() if "view" in body)
    document["tables"]["mart_schema.v_new"] = {**view, "columns": view["columns"][-1:]}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "contract-gap" not in [each.rule for each in lint(directory, TODAY).findings]


def test_the_environment_does_not_matter(directory: Path, change: Change) -> None:
    old = "duckdb:///${DEMO_DATA:-../.demo}/aws-luckyus-opshop-rw.duckdb"
    change("sources.yaml", old, "duckdb:///${NOT_SET_ANYWHERE}/x.duckdb")
    assert lint(directory, TODAY).findings == ()


def test_there_must_be_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no policy directory"):
        lint(tmp_path / "nowhere", TODAY)


def test_every_rule_is_broken_by_a_test() -> None:
    tested = {fault.said.split()[1].removesuffix(":") for fault in LINT_FAULTS}
    elsewhere = {"contract-gap", "catalog-without-dataset", "catalog-without-source", "unreadable"}
    by_the_loader = {
        "shape",
        "source",
        "role",
        "tag",
        "reference",
        "bound",
        "table",
        "column",
        "contract",
        "identity",
        "keys",
    }
    assert tested | elsewhere | by_the_loader | {"grant", "denial", "load"} == set(RULES)


PERSONAL = """phone2 receiverMobile contact_tel_no backup_email customer_name home_address dob passport_no open_id
    ip_address gender login_password order_remark comments"""
OTHERS = """order_id shop_name product_name email_sent_at has_phone is_email telemetry page message_count storage
    usage created_at ip_count expand company description"""


@pytest.mark.parametrize("name", PERSONAL.split())
def test_a_personal_name_is_seen(name: str) -> None:
    assert looks_personal(name)


@pytest.mark.parametrize("name", OTHERS.split())
def test_other_names_are_let_be(name: str) -> None:
    assert not looks_personal(name)
