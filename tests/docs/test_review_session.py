"""The reviews that docs/policy shows are done again: their edits are made, their commands are run."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.main

from lucky_mcp.cli.policy import app
from tests.docs.markdown import plain, read_page
from tests.docs.reviews import ROOT, review, shown

PAGE = read_page(ROOT / "docs" / "policy" / "review.md")
EXAMPLES = read_page(ROOT / "docs" / "policy" / "examples.md")


def test_the_review_goes_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    review(PAGE.blocks, tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("title", EXAMPLES.headings(2))
def test_an_example_goes_as_shown(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = [block for block in EXAMPLES.blocks if block.heading == title]
    assert {block.info.split()[0] for block in blocks} == {"diff", "console"}
    review(blocks, tmp_path, monkeypatch, capsys)


def test_there_are_ten_examples_at_least() -> None:
    assert len(EXAMPLES.headings(2)) >= 10


def test_the_review_has_every_step() -> None:
    commands = [shown(block).words[2] for block in PAGE.blocks if block.info == "console"]
    assert list(dict.fromkeys(commands)) == ["lint", "test", "diff", "explain"]
    assert sum(block.info.startswith("diff ") for block in PAGE.blocks) >= 3


def test_every_command_is_listed_with_its_exit_codes() -> None:
    page = read_page(ROOT / "docs" / "policy" / "commands.md")
    listed = {plain(row[0]) for row in page.tables("Policy commands")}
    group = typer.main.get_command(app)
    assert listed == {f"lucky-mcp policy {name}" for name in group.commands}  # type: ignore[attr-defined]
