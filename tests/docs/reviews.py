"""Reviews as the pages show them: edits that are made, and commands with what they print."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lucky_mcp.cli.root import main
from tests.docs.markdown import Block
from tests.docs.sessions import matches

ROOT = Path(__file__).resolve().parents[2]
EXITS = re.compile(r"\(exits (\d+)\)")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A command as the page shows it: its words, what it prints, and its exit code."""

    words: list[str]
    printed: str
    code: int


def shown(block: Block) -> Shown:
    command, _, printed = block.text.partition("\n")
    assert command.startswith("$ lucky-mcp "), block.line
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
    assert text.count(before) == 1, f"line {block.line}: not once in {path.name}"
    path.write_text(text.replace(before, "\n".join(new)), encoding="utf-8")


def two_copies(folder: Path) -> None:
    """Put `before` and `policies`, two copies of the project's, into a folder."""
    for name in ("before", "policies"):
        shutil.copytree(ROOT / "policies", folder / name)


def review(
    blocks: Iterable[Block],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Make the edits and run the commands in a folder with two copies."""
    monkeypatch.chdir(folder)
    for block in blocks:
        if block.info.startswith("diff "):
            edit(block, folder)
            continue
        wanted = shown(block)
        monkeypatch.setattr(sys, "argv", wanted.words)
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr().out
        assert matches(wanted.printed, printed), f"line {block.line}:\n{printed}"
        assert int(ended.value.code or 0) == wanted.code, f"line {block.line}"
