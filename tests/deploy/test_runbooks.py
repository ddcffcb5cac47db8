"""Runbooks and guides name commands, options, settings, alerts and metrics that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lucky_mcp.settings import PREFIX, Settings
from tests.deploy.test_monitoring import known
from tests.docs.test_headings import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *sorted((ROOT / "docs/runbooks").glob("*.md")),
    ROOT / "docs/monitoring.md",
    ROOT / "docs/cut-over.md",
]
CALL = re.compile(r"(?<![/\w])lucky-mcp((?: (?:[a-z][a-z-]*|--[a-z-]+|[A-Z]+|\"[^\"]*\"))+)")
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}


def faults(text: str) -> list[str]:
    wrong = []
    for match in CALL.finditer(text):
        words = match[1].split()
        name = next(
            (name for size in (2, 1) if (name := " ".join(["lucky-mcp", *words[:size]])) in COMMANDS), ""
        )
        if not name:
            wrong.append(f"there is no {match[0]}")
            continue
        options = {option for param in COMMANDS[name].params for option in param.opts}
        wrong += [f"{name} has no {word}" for word in words if word.startswith("--") and word not in options]
    wrong += [
        f"there is no {name}" for name in re.findall(r"\bLUCKY_[A-Z_]+\b", text) if name not in SETTINGS
    ]
    metrics = {re.sub("_(bucket|count|sum)$", "", name) for name in known()}
    wrong += [f"there is no {name}" for name in re.findall(r"\blucky_[a-z_]+\b", text) if name not in metrics]
    return wrong


@pytest.mark.parametrize("path", [path for path in PAGES if path.exists()], ids=lambda path: path.stem)
def test_what_a_page_names_is_there(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    ["`lucky-mcp audit forget`", "lucky-mcp audit verify --quick", "set LUCKY_KEY", "`lucky_reads_seen`"],
)
def test_a_wrong_page_is_seen(text: str) -> None:
    assert faults(text)


def test_every_runbook_is_listed() -> None:
    index = (ROOT / "docs/runbooks/README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", index))
    assert listed == {path.name for path in PAGES if path.parent.name == "runbooks"} - {"README.md"}
