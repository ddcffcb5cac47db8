"""The third lock: mypy refuses to hand a text to an adapter."""

import ast
from pathlib import Path

import pytest
from mypy import api

HANDS_OVER = """
from lucky_mcp.adapters.base import {adapter}
from lucky_mcp.enforcement.guarded import GuardedSql

def hand_over(adapter: {adapter}, read: {given}) -> object:
    return adapter.run(read)
"""


@pytest.fixture(scope="module")
def adapter(source_root: Path) -> str:
    """The name of the one class in adapters/base.py that says what an adapter is: it has a run."""
    tree = ast.parse((source_root / "adapters/base.py").read_text(encoding="utf-8"))
    (name,) = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(getattr(inner, "name", "") == "run" for inner in node.body)
    ]
    return name


def complaints(adapter: str, given: str, project_root: Path, tmp_path: Path) -> list[str]:
    """What mypy says about handing a `given` to an adapter as its first argument."""
    snippet = tmp_path / "hands_over.py"
    snippet.write_text(HANDS_OVER.format(adapter=adapter, given=given), encoding="utf-8")
    configuration = project_root / "pyproject.toml"
    report, failure, _ = api.run(
        [
            "--strict",
            "--config-file",
            str(configuration),
            "--cache-dir",
            str(tmp_path / "cache"),
            str(snippet),
        ]
    )
    assert not failure
    return [line for line in report.splitlines() if "hands_over.py" in line and 'Argument 1 to "run"' in line]


@pytest.mark.parametrize("given", ["str", "bytes", "object", "GuardedSql | str"])
def test_a_text_is_refused(adapter: str, given: str, project_root: Path, tmp_path: Path) -> None:
    (complaint,) = complaints(adapter, given, project_root, tmp_path)
    assert "[arg-type]" in complaint
    assert "Guarded" in complaint.partition("expected")[2]


def test_a_guarded_read_is_taken(adapter: str, project_root: Path, tmp_path: Path) -> None:
    assert complaints(adapter, "GuardedSql", project_root, tmp_path) == []
