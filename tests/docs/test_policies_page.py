"""Every YAML snippet of policies/README.md is valid, and every worked example does what it shows.

Behind ```yaml stands the model; a snippet may hold some of its keys. A file name behind the model means that
the snippet is added to that file (mappings merged, lists appended) for the sessions of its section.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from ruamel.yaml import YAML

from lucky_mcp.policy import schema
from lucky_mcp.policy.expectations import ExpectationsFile
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.schema import MaskWord
from tests.docs.markdown import Block, read_page
from tests.docs.sessions import answer, exchanges, matches, scene

POLICIES = Path(__file__).resolve().parents[2] / "policies"
PAGE = read_page(POLICIES / "README.md")
SNIPPETS = [block for block in PAGE.blocks if block.info.startswith("yaml")]
WORKED = (
    "List a column",
    "Mask it",
    "Add a contract rule",
    "Add a via",
    "Deny a column to a role",
    "Require a condition",
    "Add a reference set",
)


def parsed(text: str) -> dict[str, Any]:
    tree = YAML(typ="safe").load(text)
    assert isinstance(tree, dict)
    return tree


def check(model: type[BaseModel], tree: Mapping[str, Any]) -> None:
    """Validate the keys that are there, each as its field; contracts may be parts of one."""
    for key, value in tree.items():
        field = model.model_fields[key]
        if model is schema.ContractsFile:
            for contract in value.values():
                check(schema.Contract, contract)
            continue
        TypeAdapter(field.annotation).validate_python(value)


def merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}
    return [*old, *new] if isinstance(old, list) and isinstance(new, list) else new


def id_of(block: Block) -> str:
    return f"{block.heading}:{block.line}"


@pytest.mark.parametrize("block", SNIPPETS, ids=id_of)
def test_a_snippet_is_valid(block: Block) -> None:
    _, name, *_ = block.info.split()
    check(ExpectationsFile if name == "ExpectationsFile" else getattr(schema, name), parsed(block.text))


def test_a_wrong_key_is_seen() -> None:
    with pytest.raises(KeyError):
        check(schema.DatasetFile, {"grant": []})
    with pytest.raises(ValueError, match="why"):
        check(schema.DatasetFile, {"grants": [{"id": "a", "roles": ["analyst"]}]})


def test_every_file_has_its_snippet() -> None:
    shown = {block.info.split()[1] for block in SNIPPETS}
    files = {
        name for name, model in vars(schema).items() if name.endswith("File") and issubclass(model, BaseModel)
    }
    assert files <= shown


@pytest.mark.parametrize("title", WORKED)
async def test_a_worked_example_does_what_it_shows(title: str, demo_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    blocks = [block for block in PAGE.blocks if block.heading == title]
    sessions = [block for block in blocks if block.info.startswith("session")]
    added = [block for block in blocks if block.info.startswith("yaml") and len(block.info.split()) == 3]
    assert bool(sessions) is bool(added)
    for block in added:
        path = folder / block.info.split()[2]
        tree = merged(parsed(path.read_text(encoding="utf-8")), parsed(block.text))
        # As JSON, which is YAML: the dumper leaves texts bare that the C parser does not take.
        path.write_text(json.dumps(tree, default=str), encoding="utf-8")
    policies = load_policies(folder, {"DEMO_DATA": str(demo_data)})
    for block in sessions:
        async with scene(block.info.partition(" ")[2], policies) as (gateway, caller):
            for exchange in exchanges(block.text):
                text = await answer(gateway, caller, exchange)
                assert matches(exchange.shown, text), text


def test_all_worked_examples_are_there() -> None:
    assert tuple(PAGE.headings(3)) == WORKED


def test_every_file_of_the_directory_and_every_mask_is_named() -> None:
    files = {path.name for path in POLICIES.glob("*.yaml")} | {
        "datasets/<domain>/<dataset>.yaml",
        "datasets/<domain>/<dataset>.test.yaml",
        "redis/<category>.yaml",
        "redis/<category>.test.yaml",
        "catalog/<source>.json",
        "schema/<file>.json",
    }
    listed = {row[0].strip("`") for row in PAGE.tables("Policies")}
    assert listed == files
    assert all(f"`{word}`" in PAGE.section("Roles") for word in MaskWord)
