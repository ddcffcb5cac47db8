"""docs/identity.md: its example loads, and it names every key that identity.yaml takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lucky_mcp.policy.identity_rules import read_identity
from lucky_mcp.policy.identity_schema import AppEntry, IssuerEntry
from lucky_mcp.policy.yaml_files import YamlFile
from tests.docs.markdown import plain, read_page

PAGE = read_page(Path(__file__).resolve().parents[2] / "docs" / "identity.md")
ROLES = ("analyst", "operations_manager", "executive", "customer_care")
SNIPPETS = [block for block in PAGE.blocks if block.info == "yaml IdentityFile"]


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda block: block.heading)
def test_an_example_loads(block: object, tmp_path: Path) -> None:
    path = tmp_path / "identity.yaml"
    path.write_text(block.text, encoding="utf-8")  # type: ignore[attr-defined]
    assert read_identity(YamlFile(path, tmp_path), ROLES, {})


def test_every_key_of_an_issuer_is_told() -> None:
    told = [plain(row[0]) for row in PAGE.tables("Signed tokens")]
    assert sorted(told) == sorted(IssuerEntry.model_fields)


def test_every_key_of_an_app_is_told() -> None:
    rows = PAGE.tables("Apps that ask for people")
    told = {name for row in rows for name in row[0].replace("`", "").split(", ")}
    assert told == set(AppEntry.model_fields)


def test_every_answer_of_delegations_is_told(project_root: Path) -> None:
    source = (project_root / "src/lucky_mcp/server/delegation_routes.py").read_text(encoding="utf-8")
    told = {plain(row[1]) for row in PAGE.tables("Handles")}
    given = set(re.findall(r'"error": "(\w+)"|_Refused\(\d+, "(\w+)"', source))
    assert told == {first or second for first, second in given} - {"defect"}


def test_there_are_examples() -> None:
    assert len(SNIPPETS) == 3
