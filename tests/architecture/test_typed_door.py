"""The third lock: mypy refuses to hand a text to an adapter."""

import ast
from pathlib import Path

import pytest
from mypy import api

REFUSED, TAKEN = ("str", "bytes", "object", "GuardedSql | str"), "GuardedSql"
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


@pytest.fixture(scope="module")
def complaints(
    adapter: str, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """What mypy says about handing each to an adapter as its first argument; one run reads all."""
    folder = tmp_path_factory.mktemp("door")
    snippets = {given: folder / f"hands_over_{at}.py" for at, given in enumerate([*REFUSED, TAKEN])}
    for given, snippet in snippets.items():
        snippet.write_text(HANDS_OVER.format(adapter=adapter, given=given), encoding="utf-8")
    configuration = ["--config-file", str(project_root / "pyproject.toml")]
    cache = ["--cache-dir", str(folder / "cache")]
    report, failure, _ = api.run(["--strict", *configuration, *cache, *map(str, snippets.values())])
    assert not failure
    found = [line for line in report.splitlines() if 'Argument 1 to "run"' in line]
    return {given: [line for line in found if each.name in line] for given, each in snippets.items()}


@pytest.mark.parametrize("given", REFUSED)
def test_a_text_is_refused(complaints: dict[str, list[str]], given: str) -> None:
    (complaint,) = complaints[given]
    assert "[arg-type]" in complaint
    assert "Guarded" in complaint.partition("expected")[2]


def test_a_guarded_read_is_taken(complaints: dict[str, list[str]]) -> None:
    assert complaints[TAKEN] == []
