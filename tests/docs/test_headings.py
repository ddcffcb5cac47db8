"""Whatever can be set, called, met or named has its heading, and no heading names what is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lucky_mcp.cli.root import Exit, app
from lucky_mcp.errors import Code
from lucky_mcp.policy.schema import MaskWord
from lucky_mcp.server.texts import read_tool_text
from lucky_mcp.settings import PREFIX, Settings
from tests.docs.markdown import Page, plain, read_page
from tests.server.harness import EVERYBODY, make_server


@pytest.fixture(scope="module")
def operations(project_root: Path) -> Page:
    return read_page(project_root / "docs" / "operations.md")


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command below one, by its whole name; typer's own classes are told apart by what they have."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for word, each in below.items():
        yield from commands(each, f"{name} {word}")


COMMANDS = dict(commands(typer.main.get_command(app), "lucky-mcp"))


def test_every_setting(operations: Page) -> None:
    documented = [title for title in operations.headings(3) if title.startswith(PREFIX)]
    assert sorted(documented) == sorted(PREFIX + name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_a_setting_says_its_default_and_an_example(name: str, operations: Page) -> None:
    variable = PREFIX + name.upper()
    text = operations.section(variable)
    default = Settings.model_fields[name].get_default()
    shown = "$XDG_STATE_HOME/lucky-mcp" if name == "state" else str(default or "none")
    assert re.search(rf"Default:\s+`?{re.escape(shown)}`?", text)
    assert re.search(rf"Example:\s+`{variable}=[^`]+`", text)


def test_every_command(operations: Page) -> None:
    documented = [title for title in operations.headings(3) if title.startswith("lucky-mcp")]
    assert sorted(documented) == sorted(COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_names_its_options_and_no_others(name: str, operations: Page) -> None:
    real = {
        option
        for param in COMMANDS[name].params
        for option in param.opts
        if option.startswith("--") and option != "--help"
    }
    written = set(re.findall(r"--[a-z][a-z-]*", operations.section(name)))
    assert real <= written
    everywhere = {
        option for command in COMMANDS.values() for param in command.params for option in param.opts
    }
    assert written <= everywhere


def test_every_exit_code(operations: Page) -> None:
    documented = [int(code) for code, _ in operations.tables("Commands")]
    assert documented == [int(code) for code in Exit]


def test_every_error_code(project_root: Path) -> None:
    assert read_page(project_root / "docs" / "errors.md").headings(2) == [str(code) for code in Code]


@pytest.mark.parametrize("code", list(Code))
def test_an_error_has_an_example_or_is_reserved(code: Code, project_root: Path) -> None:
    page = read_page(project_root / "docs" / "errors.md")
    shown = [block for block in page.blocks if block.heading == code]
    sources = (path for path in (project_root / "src").rglob("*.py") if path.name != "errors.py")
    raised = any(f"code=Code.{code}" in path.read_text(encoding="utf-8") for path in sources)
    if page.section(code).strip().startswith("Reserved:"):
        assert not shown and not raised
    elif code is not Code.CANCELLED:  # nobody is left to read that one
        assert shown and all(f"ERROR {code}: " in block.text for block in shown)


async def test_every_tool_with_its_arguments(project_root: Path) -> None:
    page = read_page(project_root / "docs" / "tools.md")
    tools = {tool.name: tool for tool in await make_server(identify=lambda: EVERYBODY).list_tools()}
    assert page.headings(2) == list(tools)
    for name, tool in tools.items():
        documented = [plain(row[0]) for row in page.tables(name)]
        assert documented == list(tool.parameters["properties"])
        assert documented == list(read_tool_text(project_root / "prompts", name).arguments)
        assert any(block.heading == name for block in page.blocks)


def test_every_mask(project_root: Path) -> None:
    assert read_page(project_root / "docs" / "masks.md").headings(2) == [str(word) for word in MaskWord]
