"""A text with other values in it: what stands in for its literals and for names that may be values."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot.tokenizer_core import Token

from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.literals import NAMES, STRINGS, is_literal, replaced

StandIn = Callable[[str], str | None]
"""From a value to what stands in for it, None to leave it as it is written."""


def with_stand_ins(
    text: str, grammar: Grammar, *, string: StandIn, number: StandIn, name: StandIn
) -> str | None:
    """Return the text without comments, with what stands in for its values; None when it has no tokens."""

    def replacement(token: Token, spelling: str) -> str:
        if is_literal(token):
            is_string = token.token_type in STRINGS
            made = (string if is_string else number)(token.text)
            if made is None:
                return spelling
            return f"'{made}'" if is_string else made
        made = name(token.text) if token.token_type in NAMES else None
        if made is None:
            return spelling
        return f"{spelling[0]}{made}{spelling[-1]}" if spelling != token.text else made

    return replaced(text, grammar, replacement)
