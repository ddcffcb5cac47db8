from __future__ import annotations

import io
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from lucky_mcp.cli.policy_tables import show_findings
from lucky_mcp.cli.root import Exit
from lucky_mcp.policy.lint.run import lint
from tests.cli.running import Run


@pytest.fixture
def directory(project_root: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    return copy


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_clean_directory(run: Run, directory: Path) -> None:
    ran = run("policy", "lint", str(directory))
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert ran.out.startswith("0 errors, 0 warnings, ")


def test_the_directory_comes_from_the_settings(
    run: Run, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("policy", "lint").code == Exit.CONFIGURATION
    monkeypatch.setenv("LUCKY_POLICIES", str(directory))
    assert run("policy", "lint").code == Exit.OK


def test_an_error_fails_and_shows_its_line(run: Run, directory: Path) -> None:
    replace(directory / "datasets/sales/orders.yaml", "      order_no: {}", "      order_nr: {}")
    ran = run("policy", "lint", str(directory))
    assert ran.code == Exit.FAILED
    place, fix, counts = ran.out.splitlines()
    assert place.startswith(
        "datasets/sales/orders.yaml:11: error column: luckyus_sales_order.t_sales_order_m"
    )
    assert fix.startswith("    fix: ")
    assert counts.startswith("1 error, 0 warnings")


def test_a_warning_fails_only_when_strict(run: Run, directory: Path) -> None:
    replace(directory / "tags.yaml", "# lint: allow dead-classifier:", "# about")
    assert run("policy", "lint", str(directory)).code == Exit.OK
    assert run("policy", "lint", "--strict", str(directory)).code == Exit.FAILED


def test_a_file_that_cannot_be_read_is_its_own_code(run: Run, directory: Path) -> None:
    (directory / "tags.yaml").write_text("[", encoding="utf-8")
    assert run("policy", "lint", str(directory)).code == Exit.CONFIGURATION
    assert run("policy", "lint", str(directory / "nowhere")).code == Exit.CONFIGURATION


def test_json_for_programs(run: Run, directory: Path) -> None:
    replace(directory / "contracts.yaml", "expires: 2027-12-31", "expires: 2020-12-31")
    ran = run("policy", "lint", "--format", "json", str(directory))
    document = json.loads(ran.out)
    (finding,) = document.pop("findings")
    assert ran.code == Exit.FAILED
    assert (document["errors"], document["warnings"]) == (1, 0)
    assert set(finding) == {"file", "line", "rule", "severity", "what", "fix"}
    assert (finding["file"], finding["rule"]) == ("contracts.yaml", "contract-expired")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_table(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    replace(directory / "contracts.yaml", "expires: 2027-12-31", "expires: 2020-12-31")
    out = Terminal()
    show_findings(lint(directory, date(2026, 2, 15)), out)
    text = out.getvalue()
    assert "\x1b[" in text and "contracts.yaml:" in text and "contract-expired" in text
    assert text.splitlines()[-1].startswith("1 error")
