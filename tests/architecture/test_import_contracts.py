"""The first lock: every import contract is kept, and each fails on a copy with one import too many."""

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest

KEPT, BROKEN = 0, 1
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A file that may not exist, and the identifier of the contract that says so."""

    contract: str
    path: str
    text: str


VIOLATIONS = [
    Violation(contract="layers", path="unplaced/room.py", text=""),
    Violation(contract="layers", path="model/probe.py", text="import lucky_mcp.sql"),
    Violation(contract="layers", path="errors.py", text="import lucky_mcp.model"),
    Violation(contract="layers", path="catalog/probe.py", text="import lucky_mcp.policy"),
    Violation(contract="layers", path="sql/probe.py", text="import lucky_mcp.decision"),
    Violation(contract="layers", path="audit/probe.py", text="import lucky_mcp.identity"),
    Violation(contract="layers", path="server/probe.py", text="import lucky_mcp.demo.probe"),
    Violation(contract="adapters", path="server/probe.py", text="import lucky_mcp.adapters"),
    Violation(contract="adapters", path="server/probe.py", text="from lucky_mcp.adapters import probe"),
    Violation(contract="adapters", path="gateway/probe.py", text="from lucky_mcp.adapters.probe import a"),
    Violation(contract="adapters", path="cli/probe.py", text="def f():\n    import lucky_mcp.adapters.probe"),
    Violation(contract="drivers", path="gateway/execute.py", text="import duckdb"),
    Violation(contract="drivers", path="server/probe.py", text="def f():\n    import pymysql.cursors"),
    Violation(contract="drivers", path="telemetry/probe.py", text="from redis.asyncio import Redis"),
    Violation(contract="drivers", path="audit/probe.py", text="from psycopg import connect"),
    Violation(contract="drivers", path="charts/probe.py", text="import pyarrow.dataset"),
    Violation(contract="drivers", path="app/gateway.py", text="import redshift_connector"),
    Violation(contract="cloud", path="adapters/probe.py", text="import boto3"),
    Violation(contract="cloud", path="gateway/probe.py", text="from botocore.config import Config"),
    Violation(contract="protocol", path="console/probe.py", text="from fastmcp import Client"),
    Violation(contract="protocol", path="gateway/probe.py", text="import mcp.types"),
    Violation(contract="parser", path="decision/probe.py", text="from sqlglot import exp"),
    Violation(contract="parser", path="gateway/probe.py", text="import sqlglot.optimizer"),
    Violation(contract="measuring", path="gateway/probe.py", text="from prometheus_client import Counter"),
    Violation(contract="measuring", path="adapters/probe.py", text="import opentelemetry.trace"),
]


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on a project folder; its own src comes before the installed package."""
    return subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS, "--no-cache", "--no-logo"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def contract_names(project_root: Path) -> dict[str, str]:
    """Identifier to name, as the report prints it."""
    configuration = ConfigParser()
    configuration.read(project_root / ".importlinter", encoding="utf-8")
    return {
        section.rpartition(":")[2]: configuration[section]["name"]
        for section in configuration.sections()
        if section.startswith("importlinter:contract:")
    }


@pytest.fixture
def project_copy(project_root: Path, tmp_path: Path) -> Path:
    """The contracts and a copy of the package, with one more file to import in two of its rooms."""
    shutil.copy(project_root / ".importlinter", tmp_path)
    shutil.copytree(project_root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for room in ("adapters", "demo"):
        write(tmp_path / "src/lucky_mcp" / room / "probe.py", "a = 1\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name != "__init__.py" and not (path.parent / "__init__.py").exists():
        (path.parent / "__init__.py").write_text("", encoding="utf-8")
    path.write_text(text, encoding="utf-8")


def add(project: Path, violation: Violation) -> None:
    """Append to the file, or make it; cli, for one, may be a file or a package."""
    package = project / "src/lucky_mcp"
    path = package / violation.path
    room = package / Path(violation.path).parts[0]
    if room.suffix == "" and room.with_suffix(".py").exists():
        path = room.with_suffix(".py")
    elif room.suffix == ".py" and room.with_suffix("").is_dir():
        path = room.with_suffix("") / "probe.py"
    present = path.read_text(encoding="utf-8") if path.exists() else ""
    write(path, f"{present}\n{violation.text}\n")


def test_every_contract_is_kept(project_root: Path) -> None:
    report = lint(project_root)
    assert report.returncode == KEPT, report.stdout + report.stderr


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda v: f"{v.contract}-{v.path}")
def test_a_contract_breaks(violation: Violation, project_copy: Path, contract_names: dict[str, str]) -> None:
    add(project_copy, violation)
    report = lint(project_copy)
    assert report.returncode == BROKEN, report.stdout + report.stderr
    assert f"{contract_names[violation.contract]} BROKEN" in report.stdout


def test_the_unchanged_copy_is_kept(project_copy: Path) -> None:
    report = lint(project_copy)
    assert report.returncode == KEPT, report.stdout + report.stderr


def test_every_contract_has_been_seen_to_fail(contract_names: dict[str, str]) -> None:
    assert {violation.contract for violation in VIOLATIONS} == set(contract_names)
