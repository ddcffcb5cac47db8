from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from lucky_mcp.cli.root import Exit
from tests.cli.running import Run


@pytest.fixture
def directory(project_root: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    return copy


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_matrix_as_text(run: Run, directory: Path) -> None:
    ran = run("policy", "matrix", str(directory), "--source", "salescrm", "--table", "t_user_profile")
    lines = ran.out.splitlines()
    assert ran.code == Exit.OK
    assert lines[0] == "aws-luckyus-salescrm-rw · luckyus_sales_crm.t_user_profile · confidential"
    assert lines[1].split() == ["analyst", "data_engineer", "customer_care"]
    assert [line.split() for line in lines if line.startswith("  first_name")] == [
        ["first_name", "·", "redact", "initial"]
    ]
    assert any("t_user row where country_code = 'US' (us-market, contracts.yaml:" in line for line in lines)
    assert any(line.startswith("  customer_care: each scan needs ") for line in lines)
    assert lines[-1].startswith("  no grant for these roles: executive, ml_engineer")


def test_the_system_datasets_are_shown_where_a_source_is_on_a_server(run: Run, directory: Path) -> None:
    """As a server of these policies has them, though no file lists them."""
    sources = (directory / "sources.yaml").read_text(encoding="utf-8")
    head, tail = sources.split("    url: duckdb:///${DEMO_DATA:-../.demo}/aws-luckyus-salescrm-rw.duckdb\n")
    served = f"{head}    host: crm.example.com\n    user: reader\n    password: env:CRM\n{tail}"
    before, _, entry = served.partition("  aws-luckyus-salescrm-rw:\n    kind: duckdb\n")
    (directory / "sources.yaml").write_text(
        f"{before}  aws-luckyus-salescrm-rw:\n    kind: mysql\n{entry}", encoding="utf-8"
    )
    ran = run("policy", "matrix", str(directory), "--source", "salescrm", "--table", "system.processes")
    lines = ran.out.splitlines()
    assert lines[0] == "aws-luckyus-salescrm-rw · system.processes · public"
    assert lines[1].split() == ["data_engineer", "dba"]
    assert any(line.split() == ["statement", "plain", "plain"] for line in lines)
    whole = run("policy", "matrix", str(directory), "--source", "salescrm").out
    assert "system.statements" in whole and "· information_schema." not in whole
    options = ("--source", "salescrm", "--policies", str(directory), "SELECT * FROM system.processes")
    explained = run("policy", "explain", "--as", "dba", *options)
    assert explained.code == Exit.OK and explained.out.startswith("permitted")
    refused = run("policy", "explain", "--as", "analyst", *options)
    assert "system.processes: no grant for these roles; granted to data_engineer, dba" in refused.out


def test_an_app_that_asks_for_somebody_is_explained(run: Run, directory: Path) -> None:
    options = ("--source", "salescrm", "--policies", str(directory), "SELECT phone FROM t_user")
    alone = run("policy", "explain", "--as", "data_engineer", *options)
    assert alone.code == Exit.OK
    both = run("policy", "explain", "--as", "data_engineer", "--app", "analyst", *options)
    assert both.code == Exit.OK
    refused = run("policy", "explain", "--as", "data_engineer", "--app", "executive", *options)
    assert refused.code == 1
    assert "luckyus_sales_crm.t_user: for the app: no grant for these roles; granted to " in refused.out
    unknown = run("policy", "explain", "--as", "data_engineer", "--app", "nobody", *options)
    assert unknown.code == 2 and "nobody" in unknown.err


def test_the_matrix_for_programs(run: Run, directory: Path) -> None:
    only = ("--role", "analyst", "--source", "salescrm")
    rows = list(
        csv.DictReader(io.StringIO(run("policy", "matrix", str(directory), "--format", "csv", *only).out))
    )
    (phone,) = [row for row in rows if row["column"] == "phone"]
    assert (phone["role"], phone["shown"], phone["rule"]) == ("analyst", "last4", "analyst:pii.phone")
    document = json.loads(run("policy", "matrix", str(directory), "--format", "json", *only).out)
    by_table = {table["table"]: table for table in document}
    assert by_table["luckyus_sales_crm.t_user"]["columns"]["phone"] == {"analyst": "last4"}
    assert by_table["luckyus_sales_crm.t_user"]["conditions"]["analyst"][0]["rule"] == "us-market"


def test_the_matrix_of_what_is_not_there(run: Run, directory: Path) -> None:
    ran = run("policy", "matrix", str(directory), "--role", "nobody")
    assert (ran.code, ran.out) == (Exit.USAGE, "")


def explain(run: Run, directory: Path, role: str, sql: str, *more: str) -> tuple[int, str]:
    ran = run(
        "policy", "explain", "--as", role, "--source", "salescrm", "--policies", str(directory), *more, sql
    )
    return ran.code, ran.out


def test_a_permitted_question_is_explained(run: Run, directory: Path) -> None:
    code, text = explain(run, directory, "analyst", "SELECT phone FROM t_user")
    assert code == Exit.OK
    assert text.startswith("permitted; it would run as:\n  SELECT phone FROM (SELECT ")
    assert "phone shown as last4 (analyst:pii.phone, roles.yaml:" in text


def test_a_refused_question_is_explained(run: Run, directory: Path) -> None:
    code, text = explain(run, directory, "analyst", "SELECT first_name FROM t_user_profile")
    told, _, hidden = text.partition("hidden, which an agent is not told:")
    assert code == Exit.FAILED
    assert "ERROR UNKNOWN_NAME" in told and "roles.yaml" not in told
    assert "t_user_profile.first_name: " in hidden and "(analyst:pii.name, roles.yaml:" in hidden
    code, text = explain(
        run, directory, "analyst", "SELECT first_name FROM t_user_profile", "--format", "json"
    )
    document = json.loads(text)
    assert (code, document["verdict"]) == (Exit.FAILED, "UNKNOWN_NAME")
    assert {"rule_id", "place", "what", "why", "allow"} == set(document["hidden"][0])


def test_explaining_to_an_unknown_role_is_a_wrong_command(run: Run, directory: Path) -> None:
    assert explain(run, directory, "nobody", "SELECT 1")[0] == Exit.USAGE


def test_the_questions_are_asked(run: Run, directory: Path) -> None:
    ran = run("policy", "test", str(directory))
    assert ran.code == Exit.OK
    assert ran.out.endswith(" passed, 0 failed\n")


def test_a_changed_rule_fails_its_question(run: Run, directory: Path) -> None:
    replace(directory / "roles.yaml", "pii.email: email_domain, pii.name: redact", "pii.email: email_domain")
    ran = run("policy", "test", str(directory))
    assert ran.code == Exit.FAILED
    assert "expected first_name redact, got absent" in ran.out
    document = json.loads(run("policy", "test", "--format", "json", str(directory)).out)
    assert document["failed"] == 1


def test_no_questions_are_no_success(run: Run, directory: Path) -> None:
    for path in directory.rglob("*.test.yaml"):
        path.unlink()
    ran = run("policy", "test", str(directory))
    assert (ran.code, ran.out) == (Exit.FAILED, "0 passed, 0 failed\n")


def test_widening_fails_until_it_is_accepted(run: Run, directory: Path, project_root: Path) -> None:
    old, grant = str(project_root / "policies"), "roles: [analyst, data_engineer], why: customer analysis"
    assert run("policy", "diff", old, str(directory)).out == "nobody sees more or less than before\n"
    replace(directory / "datasets/crm/customers.yaml", grant, grant.replace("]", ", ml_engineer]"))
    ran = run("policy", "diff", old, str(directory))
    assert ran.code == Exit.FAILED
    assert ran.out.startswith("widens:\n")
    assert ran.out.endswith("to accept: --accept-widening customers-read\n")
    wrong = run("policy", "diff", old, str(directory), "--accept-widening", "orders-read")
    assert wrong.code == Exit.FAILED
    accepted = run(
        "policy", "diff", old, str(directory), "--accept-widening", "customers-read", "--format", "json"
    )
    document = json.loads(accepted.out)
    assert (accepted.code, document["to_accept"]) == (Exit.OK, [])
    assert document["changes"][0]["effect"] == "widens"


def test_a_directory_that_does_not_load_is_its_own_code(run: Run, directory: Path) -> None:
    (directory / "tags.yaml").unlink()
    for command in (["matrix"], ["test"], ["diff", str(directory)]):
        assert run("policy", *command, str(directory)).code == Exit.CONFIGURATION


def test_rows_are_compared_on_the_demo_alone(run: Run, directory: Path, tmp_path: Path) -> None:
    """A row that is not the demo's fails; so does a question to a source that is not of the demo, unread."""
    demo = ("--demo", str(tmp_path / "demo"))
    assert run("policy", "test", str(directory), *demo).out.endswith(" passed, 0 failed\n")
    left = run("policy", "test", str(directory))
    assert (left.code, left.err) == (Exit.OK, "rows of 3 are not compared without --demo FOLDER\n")
    tests = directory / "datasets/hr/employees.test.yaml"
    replace(tests, "[store_manager, 70254.5455, 11]", "[store_manager, 70254.5455, 12]")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "demo" / "aws-luckyus-salesorder-rw.duckdb").rename(elsewhere / "orders.duckdb")
    replace(
        directory / "sources.yaml",
        "duckdb:///${DEMO_DATA:-../.demo}/aws-luckyus-salesorder-rw.duckdb",
        f"duckdb:///{elsewhere}/orders.duckdb",
    )
    ran = run("policy", "test", str(directory), *demo)
    assert ran.code == Exit.FAILED
    assert "    row missing: store_manager, 70254.5455, 12\n" in ran.out
    assert "    row not expected: store_manager, 70254.5455, 11\n" in ran.out
    assert "expected rows, got SOURCE_UNAVAILABLE (aws-luckyus-salesorder-rw is planned" in ran.out


@pytest.mark.parametrize("more", ["expect: UNKNOWN_NAME", "on: 2027-01-01"])
def test_rows_are_of_what_is_permitted_now(run: Run, directory: Path, more: str) -> None:
    path = directory / "datasets/hr/employees.test.yaml"
    replace(path, "    rows:\n", f"    {more}\n    rows:\n")
    ran = run("policy", "test", str(directory))
    assert ran.code == Exit.CONFIGURATION and "rows are what a permitted question answers now" in ran.err
