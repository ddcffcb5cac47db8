"""The pages for reviewers list what there is: every rule of lint, and their examples are valid."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lucky_mcp.policy import schema
from lucky_mcp.policy.lint.rules import RULES
from tests.docs.markdown import Block, plain, read_page

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "policy").glob("*.md"))
SNIPPETS = [
    pytest.param(block, id=f"{path.name}:{block.line}")
    for path in PAGES
    for block in read_page(path).blocks
    if block.info.startswith("yaml ")
]


def test_every_rule_of_lint_is_listed_as_it_is(project_root: Path) -> None:
    rows = read_page(project_root / "docs" / "policy" / "lint.md").tables("Rules")
    listed = [[plain(cell) for cell in row] for row in rows]
    assert listed == [[name, rule.severity, rule.says, rule.fix] for name, rule in RULES.items()]


@pytest.mark.parametrize("block", SNIPPETS)
def test_a_snippet_is_valid(block: Block) -> None:
    model = getattr(schema, block.info.split()[1])
    model.model_validate(YAML(typ="safe").load(block.text))
