"""The README's first screen, and its session."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.docs.sessions import Exchange, answer, exchanges, matches
from tests.support.house import ANALYST

LINES_MAX = 80
FIRST_SCREEN = 20


@pytest.fixture(scope="module")
def lines(project_root: Path) -> list[str]:
    return (project_root / "README.md").read_text(encoding="utf-8").splitlines()


def indented(lines: list[str], start: str) -> str:
    """The indented block below the line that begins with `start`."""
    begin = next(number for number, line in enumerate(lines) if line.startswith(start)) + 1
    block = []
    for line in lines[begin:]:
        if line and not line.startswith("    "):
            break
        block.append(line.removeprefix("    "))
    return "\n".join(block).strip("\n")


def test_the_whole_is_one_page(lines: list[str]) -> None:
    assert len(lines) <= LINES_MAX
    assert lines[0] == "# lucky-mcp"
    assert [line for line in lines if "![" in line or "<img" in line] == []


def test_the_two_commands_come_first(lines: list[str], project_root: Path) -> None:
    first = "\n".join(lines[:FIRST_SCREEN])
    makefile = (project_root / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"    make {target} " in first
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


async def test_the_session_answers_as_shown(lines: list[str], gateway: Gateway) -> None:
    shown = exchanges(indented(lines, "One session"))
    assert [exchange.tool for exchange in shown] == ["run_query", "run_query"]
    for exchange in shown:
        sql, result = guarded_and_answer(exchange)
        if sql:
            request = SqlRead(source=str(exchange.arguments["source"]), sql=str(exchange.arguments["sql"]))
            assert matches(sql, (await gateway.explain(ANALYST, request)).sql_sent)
        text = await answer(gateway, ANALYST, exchange)
        assert matches(result, text), text
    assert any(guarded_and_answer(exchange)[0] for exchange in shown)


def guarded_and_answer(exchange: Exchange) -> tuple[str, str]:
    """The guarded text, where one is shown between call and answer, and the answer."""
    head, gap, rest = exchange.shown.partition("\n\n")
    return (head, rest) if gap and head.startswith("SELECT") else ("", exchange.shown)


def test_the_client_configuration_is_json(lines: list[str]) -> None:
    block = indented(lines, "## Connect")
    text = block[block.index("{") : block.rindex("}") + 1]
    assert json.loads(text)["mcpServers"]["lucky"]["type"] == "http"


def test_what_it_points_to_is_there(lines: list[str], project_root: Path) -> None:
    text = "\n".join(lines)
    named = re.findall(r"`((?:src|tests|docs|policies)/[^`<*]*|\.importlinter)`", text)
    assert named
    assert [name for name in named if not (project_root / name).exists()] == []
