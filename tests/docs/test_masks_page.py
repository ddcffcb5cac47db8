"""The tables of docs/masks.md are what the masks do."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.masks import WORDS, fitting, masked
from lucky_mcp.policy.schema import MaskWord
from tests.docs.markdown import plain, read_page
from tests.support.token_keys import K

PAGE = read_page(Path(__file__).resolve().parents[2] / "docs" / "masks.md")
ROWS = [(word, row) for word in MaskWord for row in PAGE.tables(word)]


def value(cell: str) -> str | None:
    return None if cell == "NULL" else plain(cell)


def typed(text: str | None, type_: str) -> object:
    parsers = {"DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat, "VARCHAR": str}
    parse = parsers.get(type_, Decimal if type_.startswith("DECIMAL") else int)
    return None if text is None else parse(text)


@pytest.mark.parametrize(("word", "row"), ROWS)
def test_a_row_is_what_the_mask_shows(word: MaskWord, row: list[str]) -> None:
    said = [cell for cell in row[2:] if cell]
    type_ = said[0] if said and said[0].isupper() else "VARCHAR"
    mask = fitting(WORDS[word], type_)
    shown = masked(typed(value(row[0]), type_), mask, said, K)
    assert (None if shown is None else str(shown)) == value(row[1])


@pytest.mark.parametrize("word", [word for word in MaskWord if WORDS[word] is not MaskName.DENY])
def test_each_table_has_null_the_empty_text_and_more(word: MaskWord) -> None:
    inputs = {value(row[0]) for row in PAGE.tables(word)}
    assert {None, ""} < inputs
