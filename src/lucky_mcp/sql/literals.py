"""The literals of a text, replaced where they stand; everything else but comments stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

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
MARK = "?"
_LIST = re.compile(r"\?(?:\s*,\s*\?)+")

Replacement = Callable[[Token, str], str]
"""From a token and its spelling to what is written in its place."""


def replaced(text: str, grammar: Grammar, replacement: Replacement) -> str | None:
    """Return the text with each token as `replacement` has it, without comments; None if it has no tokens."""
    try:
        tokens = tokens_of(text, grammar.dialect)
    except (SqlglotError, ValueError, IndexError, RecursionError):
        return None
    return "".join(_pieces(text, tokens, replacement)) if tokens else None


def shape_of(text: str, grammar: Grammar) -> str:
    """Return the text on one line with `?` for every literal and list of literals, "" if it has no tokens."""

    def cut(token: Token, spelling: str) -> str:
        return MARK if is_literal(token) else spelling

    found = replaced(text, grammar, cut) or ""
    return _LIST.sub(MARK, " ".join(found.split()))


def is_literal(token: Token) -> bool:
    """Whether a token is a string in any notation, or a number."""
    return token.token_type in STRINGS or token.token_type is TokenType.NUMBER


def _pieces(text: str, tokens: list[Token], replacement: Replacement) -> Iterator[str]:
    """What follows a number without a gap (0x41, where a dialect has no such notation) belongs to it."""
    yield replacement(tokens[0], _spelling(text, tokens[0]))
    for before, token in pairwise(tokens):
        between = text[before.end + 1 : token.start]
        glued = not between and before.token_type is TokenType.NUMBER and token.token_type is TokenType.VAR
        if glued:
            continue
        yield between if not between.strip() else " "
        yield replacement(token, _spelling(text, token))


def _spelling(text: str, token: Token) -> str:
    return text[token.start : token.end + 1]
