"""The literals of a text, replaced where they stand; everything else but comments stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.tokens import tokens_of

STRINGS = frozenset(
    {
        TokenType.STRING,
        TokenType.HEX_STRING,
        TokenType.BIT_STRING,
        TokenType.BYTE_STRING,
        TokenType.NATIONAL_STRING,
        TokenType.RAW_STRING,
        TokenType.HEREDOC_STRING,
        TokenType.UNICODE_STRING,
    }
)
NAMES = frozenset({TokenType.VAR, TokenType.IDENTIFIER})
REPLACED = STRINGS | NAMES | {TokenType.NUMBER}
MARK = "?"
_LIST = re.compile(r"\?(?:\s*,\s*\?)+")

Word: TypeAlias = Token
"""A token, to those who replace some: its type, its text without quotes, where it starts and ends."""
Replacement = Callable[[Word], str | None]
"""From a literal or name to what is written in its place; None leaves it as it is spelled."""


def replaced(text: str, grammar: Grammar, replacement: Replacement) -> str | None:
    """Return the text with literals and names as `replacement` has them, without comments.

    None if it has no tokens. What follows a number without a gap (0x41, where a dialect has no such notation)
    belongs to it.
    """
    try:
        tokens = tokens_of(text, grammar.dialect)
    except (SqlglotError, ValueError, IndexError, RecursionError):
        return None
    return "".join(_pieces(text, tokens, replacement)) if tokens else None


def shape_of(text: str, grammar: Grammar) -> str:
    """Return the text on one line with `?` for every literal and list of literals, "" if it has no tokens."""

    def cut(token: Token) -> str | None:
        return MARK if is_literal(token) else None

    found = replaced(text, grammar, cut) or ""
    return _LIST.sub(MARK, " ".join(found.split()))


def is_literal(token: Token) -> bool:
    """Whether a token is a string in any notation, or a number."""
    return token.token_type in STRINGS or token.token_type is TokenType.NUMBER


def _pieces(text: str, tokens: list[Token], replacement: Replacement) -> Iterator[str]:
    """What is left as it is comes in as few pieces as there are changes: most of a text is."""
    copied = tokens[0].start
    end = copied - 1
    kind: TokenType | None = None
    for token in tokens:
        start, before, kind = token.start, kind, token.token_type
        if start != end + 1:
            gap = text[end + 1 : start]
            if start <= end or (gap != " " and gap.strip()):
                yield text[copied : end + 1]
                yield " " if start > end else ""
                copied = start
        made = None
        if before is TokenType.NUMBER and kind is TokenType.VAR and start == end + 1:
            made = ""
        elif kind in REPLACED:
            made = replacement(token)
        end = token.end
        if made is not None:
            yield text[copied:start]
            yield made
            copied = end + 1
    yield text[copied : end + 1]
