"""The tables of docs/masks.md are what the masks do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.masks import WORDS, masked
from lucky_mcp.policy.schema import MaskWord
from tests.docs.markdown import plain, read_page

PAGE = read_page(Path(__file__).resolve().parents[2] / "docs" / "masks.md")
ROWS = [(word, row) for word in MaskWord for row in PAGE.tables(word)]


def value(cell: str) -> str | None:
    return None if cell == "NULL" else plain(cell)


@pytest.mark.parametrize(("word", "row"), ROWS)
def test_a_row_is_what_the_mask_shows(word: MaskWord, row: list[str]) -> None:
    tags = [tag for tag in row[2:] if tag]
    assert masked(value(row[0]), WORDS[word], tags) == value(row[1])


@pytest.mark.parametrize("word", [word for word in MaskWord if WORDS[word] is not MaskName.DENY])
def test_each_table_has_null_the_empty_text_and_more(word: MaskWord) -> None:
    inputs = {value(row[0]) for row in PAGE.tables(word)}
    assert {None, ""} < inputs
