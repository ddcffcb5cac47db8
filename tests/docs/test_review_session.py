"""The reviews that docs/policy shows are done again: their edits are made, their commands are run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import typer.main

from lucky_mcp.audit.record import Event
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.cli.policy import app
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.reload import Reloader, stamp
from lucky_mcp.model.request import SqlRead
from tests.docs.markdown import plain, read_page
from tests.docs.reviews import ROOT, review, shown, two_copies
from tests.support.house import ML_ENGINEER, NOW, opened, policies_over
from tests.support.reference import CRM

PAGE = read_page(ROOT / "docs" / "policy" / "review.md")
ACCOUNTS = SqlRead(source=CRM, sql="SELECT COUNT(*) AS n FROM t_user")
EXAMPLES = read_page(ROOT / "docs" / "policy" / "examples.md")


async def test_the_review_goes_as_shown_and_comes_into_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], demo_data: Path
) -> None:
    two_copies(tmp_path)
    policies = tmp_path / "policies"
    loaded, audit = stamp(policies), MemorySink()
    gateway = await opened(policies_over(policies, demo_data), audit=audit)
    reloader = Reloader(
        gateway,
        policies,
        audit=audit,
        now=lambda: NOW,
        environment={"DEMO_DATA": str(demo_data)},
        loaded=loaded,
    )
    with pytest.raises(ReadError):
        await gateway.read(ML_ENGINEER, ACCOUNTS)
    await asyncio.to_thread(review, PAGE.blocks, tmp_path, monkeypatch, capsys)
    await reloader.check()
    await reloader.check()
    answer = await gateway.read(ML_ENGINEER, ACCOUNTS)
    assert isinstance(answer.rows[0][0], int) and answer.rows[0][0] > 0
    (event,) = [each for each in audit.records if isinstance(each, Event)]
    assert (event.kind, event.target) == ("policy.loaded", answer.receipt.digests.policy)
    await gateway.close()


@pytest.mark.parametrize("title", EXAMPLES.headings(2))
def test_an_example_goes_as_shown(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = [block for block in EXAMPLES.blocks if block.heading == title]
    assert {block.info.split()[0] for block in blocks} == {"diff", "console"}
    two_copies(tmp_path)
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
