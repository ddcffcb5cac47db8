from __future__ import annotations

import re
from pathlib import Path

import pytest

from lucky_mcp.enforcement.shown_values import UNREADABLE
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.server.texts import prompts_directory, read_instructions, read_tool_text
from tests.server.harness import make_server

GOOD = "# Title\n\nWhat it does.\n\n## Arguments\n- sql: One\n  statement.\n- n: A number.\n"


def written(folder: Path, text: str) -> Path:
    (folder / "tools").mkdir()
    (folder / "tools" / "x.md").write_text(text, encoding="utf-8")
    return folder


def test_a_tool_text_is_read(tmp_path: Path) -> None:
    text = read_tool_text(written(tmp_path, GOOD), "x")
    assert (text.title, text.description) == ("Title", "What it does.")
    assert text.arguments == {"sql": "One statement.", "n": "A number."}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Title\n## Arguments\n- a: b",
        "Title\n\nWords.\n\n## Arguments\n- a: b",
        "# Title\n\nWords.",
        "# Title\n\nWords.\n\n## Arguments\n- a b",
        "# Title\n\nWords.\n\n## Arguments\n- a: b\n- a: c",
    ],
)
def test_a_text_with_a_gap_names_its_file(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.md"):
        read_tool_text(written(tmp_path, text), "x")


def test_a_missing_text_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tools/x\.md: this text is missing"):
        read_tool_text(tmp_path, "x")


def test_instructions_that_clients_would_cut_are_refused(tmp_path: Path) -> None:
    (tmp_path / "instructions.md").write_text("é" * 1024, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="2048 bytes, but clients cut instructions at 2048"):
        read_instructions(tmp_path)


def test_the_instructions_name_the_order_of_work() -> None:
    text = read_instructions(prompts_directory())
    positions = [text.index(tool) for tool in ("search_catalog", "describe_table", "run_query")]
    assert positions == sorted(positions)


def test_what_stands_for_a_value_is_explained_where_values_are_read() -> None:
    assert f"`{UNREADABLE}` stands for" in read_tool_text(prompts_directory(), "read_redis").description


async def test_every_limit_default_and_choice_stands_in_the_words_too() -> None:
    for tool in await make_server().list_tools(run_middleware=False):
        for name, schema in tool.parameters["properties"].items():
            words = schema["description"].replace(",", "")
            facts = [schema[key] for key in ("minimum", "maximum", "minLength", "maxLength") if key in schema]
            facts += schema.get("enum", [])
            facts += [schema["default"]] if "default" in schema else []
            for fact in facts:
                assert re.search(rf"\b{re.escape(str(fact))}\b", words), (tool.name, name, fact)


async def test_arguments_are_flat_scalars_with_one_type() -> None:
    for tool in await make_server().list_tools(run_middleware=False):
        for name, schema in tool.parameters["properties"].items():
            assert schema["type"] in {"string", "integer", "boolean", "number"}, (tool.name, name)
            assert not schema.keys() & {"anyOf", "$ref", "oneOf", "allOf"}
            assert schema.get("default", "") is not None
