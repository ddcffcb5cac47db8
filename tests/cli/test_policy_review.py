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
