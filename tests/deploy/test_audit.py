"""`make audit` says that nothing is known only when it was looked up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.audit_report import CLEAN, FOUND, NOT_CHECKED, judged, read

BAD = {"name": "b", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
GOOD = {"name": "a", "version": "1", "vulns": []}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found"}
CONTROL = {"dependencies": [BAD]}


def report(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


@pytest.mark.parametrize(
    ("found", "control", "code", "words"),
    [
        (report(GOOD), CONTROL, CLEAN, "no known vulnerability in 1 packages"),
        (report(GOOD, BAD), CONTROL, FOUND, "b 1: PYSEC-1 (fixed in 2)"),
        (report(BAD, UNKNOWN), None, FOUND, "PYSEC-1"),
        (report(GOOD), None, NOT_CHECKED, "even where there are some"),
        (report(BAD, UNKNOWN), CONTROL, FOUND, "PYSEC-1"),
        (report(GOOD, UNKNOWN), CONTROL, NOT_CHECKED, "1 of 2 packages"),
        (report(), CONTROL, NOT_CHECKED, "0 of 0"),
        (report(GOOD), report(GOOD), NOT_CHECKED, "even where there are some"),
        (report(GOOD), report(UNKNOWN), NOT_CHECKED, "even where there are some"),
        (None, CONTROL, NOT_CHECKED, "did not answer"),
    ],
)
def test_what_is_said(found: Any, control: Any, code: int, words: str) -> None:
    said = judged(found, control)
    assert said[0] == code and words in "\n".join(said[1])


def test_a_report_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert read(path) is None
    path.write_text("No known vulnerabilities found", encoding="utf-8")
    assert read(path) is None
    path.write_text(json.dumps(CONTROL), encoding="utf-8")
    assert read(path) == CONTROL
