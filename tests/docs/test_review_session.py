"""The review that docs/policy/review.md shows is done again: its edits are made, its commands are run."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.main

from lucky_mcp.cli.policy import app
from lucky_mcp.cli.root import main
from tests.docs.markdown import Block, plain, read_page
from tests.docs.sessions import matches

ROOT = Path(__file__).resolve().parents[2]
PAGE = read_page(ROOT / "docs" / "policy" / "review.md")
EXITS = re.compile(r"\(exits (\d+)\)")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A command as the page shows it: its words, what it prints, and its exit code."""

    words: list[str]
    printed: str
    code: int


def shown(block: Block) -> Shown:
    command, _, printed = block.text.partition("\n")
    assert command.startswith("$ lucky-mcp policy "), block.line
    lines = printed.splitlines()
    code = EXITS.fullmatch(lines[-1]) if lines else None
    if code is not None:
        lines.pop()
    return Shown(
        words=shlex.split(command.removeprefix("$ ")),
        printed="\n".join(lines),
        code=int(code[1]) if code else 0,
    )


def edit(block: Block, folder: Path) -> None:
    """Replace the lines with - by those with +; without the former, add to the end."""
    path = folder / block.info.split()[1]
    old = [line[1:] for line in block.text.splitlines() if line.startswith("-")]
    new = [line[1:] for line in block.text.splitlines() if line.startswith("+")]
    text = path.read_text(encoding="utf-8")
    if not old:
        path.write_text(text + "\n".join([*new, ""]), encoding="utf-8")
        return
    before = "\n".join(old)
    assert text.count(before) == 1, f"{PAGE.path.name}:{block.line}: not once in {path.name}"
    path.write_text(text.replace(before, "\n".join(new)), encoding="utf-8")


def test_the_review_goes_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("before", "policies"):
        shutil.copytree(ROOT / "policies", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for block in PAGE.blocks:
        if block.info.startswith("diff "):
            edit(block, tmp_path)
            continue
        wanted = shown(block)
        monkeypatch.setattr(sys, "argv", wanted.words)
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr().out
        assert matches(wanted.printed, printed), f"{PAGE.path.name}:{block.line}:\n{printed}"
        assert int(ended.value.code or 0) == wanted.code, f"{PAGE.path.name}:{block.line}"


def test_the_review_has_every_step() -> None:
    commands = [shown(block).words[2] for block in PAGE.blocks if block.info == "console"]
    assert list(dict.fromkeys(commands)) == ["lint", "test", "diff", "explain"]
    assert sum(block.info.startswith("diff ") for block in PAGE.blocks) >= 3


def test_every_command_is_listed_with_its_exit_codes() -> None:
    page = read_page(ROOT / "docs" / "policy" / "commands.md")
    listed = {plain(row[0]) for row in page.tables("Policy commands")}
    group = typer.main.get_command(app)
    assert listed == {f"lucky-mcp policy {name}" for name in group.commands}  # type: ignore[attr-defined]
