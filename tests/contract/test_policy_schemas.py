"""The committed schemas are those of the models, and every policy file names and fits its own."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from lucky_mcp.policy.json_schemas import FOLDER, MODELS, modeline, schema_name, schema_text
from tests.support.cases import FaultCase, fault_cases

ROOT = Path(__file__).resolve().parents[2] / "policies"
FILES = sorted(ROOT.rglob("*.yaml"))
# What a schema can see without the other files; the rest is for lint.
SEEN_BY_A_SCHEMA = ("unknown key", "unknown mask", "unknown dialect", "unknown status", "missing field")
SHAPE_FAULTS = [
    fault
    for fault in fault_cases()
    if fault.title.startswith(SEEN_BY_A_SCHEMA) and fault.title != "unknown key of a via"  # a column's name
]


def id_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def as_json(tree: Any) -> Any:
    """As editors see YAML: a date is its text."""
    return json.loads(json.dumps(tree, default=date.isoformat))


def faults(path: Path, text: str) -> list[str]:
    schema = json.loads((ROOT / FOLDER / f"{schema_name(path, ROOT)}.json").read_text(encoding="utf-8"))
    tree = as_json(YAML(typ="safe").load(text))
    return [error.message for error in Draft202012Validator(schema).iter_errors(tree)]


@pytest.mark.parametrize("name", list(MODELS))
def test_a_committed_schema_is_the_generated_one(name: str) -> None:
    committed = (ROOT / FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), "run: lucky-mcp policy schema --write policies"
    Draft202012Validator.check_schema(json.loads(committed))


def test_no_other_schema_is_committed() -> None:
    assert {path.stem for path in (ROOT / FOLDER).iterdir()} == set(MODELS)


@pytest.mark.parametrize("path", FILES, ids=id_of)
def test_a_policy_file_names_its_schema_and_fits_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0] == modeline(path, ROOT)
    target = text.splitlines()[0].partition("$schema=")[2]
    assert (path.parent / target).resolve().is_file()
    assert faults(path, text) == []


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.title) for fault in SHAPE_FAULTS])
def test_a_schema_sees_a_fault_of_shape(fault: FaultCase) -> None:
    path = ROOT / fault.file
    text = path.read_text(encoding="utf-8")
    assert faults(path, text.replace(fault.old, fault.new))


def test_there_are_faults_of_every_kind() -> None:
    for kind in SEEN_BY_A_SCHEMA:
        assert any(fault.title.startswith(kind) for fault in SHAPE_FAULTS), kind
