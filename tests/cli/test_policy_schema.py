from __future__ import annotations

import json
from pathlib import Path

from lucky_mcp.cli.root import Exit
from lucky_mcp.policy.json_schemas import MODELS
from tests.cli.running import Run


def test_all_schemas_are_one_object(run: Run) -> None:
    ran = run("policy", "schema")
    assert ran.code == Exit.OK
    assert set(json.loads(ran.out)) == set(MODELS)


def test_schemas_are_written_for_editors(run: Run, tmp_path: Path) -> None:
    ran = run("policy", "schema", "--write", str(tmp_path))
    written = [Path(line) for line in ran.out.splitlines()]
    assert [path.stem for path in written] == list(MODELS)
    assert all(json.loads(path.read_text())["title"].endswith("File") for path in written)


def test_a_folder_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    ran = run("policy", "schema", "--write", str(tmp_path / "no" / "where"))
    assert (ran.code, ran.out) == (Exit.CONFIGURATION, "")
    assert "cannot be written" in ran.err
