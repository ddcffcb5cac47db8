"""A text with other values in it: what stands in for its literals and for names that may be values."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot.tokenizer_core import Token

from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.literals import NAMES, STRINGS, replaced

StandIn = Callable[[str], str | None]
"""From a value to what stands in for it, None to leave it as it is written."""


def with_stand_ins(
    text: str, grammar: Grammar, *, string: StandIn, number: StandIn, name: StandIn
) -> str | None:
    """Return the text without comments, with what stands in for its values; None when it has no tokens."""

    def replacement(token: Token) -> str | None:
        if token.token_type in NAMES:
            made = name(token.text)
            if made is None:
                return None
            spelling = text[token.start : token.end + 1]
            return f"{spelling[0]}{made}{spelling[-1]}" if spelling != token.text else made
        if token.token_type in STRINGS:
            made = string(token.text)
            return None if made is None else f"'{made}'"
        return number(token.text)

    return replaced(text, grammar, replacement)
