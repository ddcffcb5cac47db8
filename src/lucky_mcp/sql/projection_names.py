"""The agent's own words for each column of the outermost SELECT, cut from the text.

Engines name an unaliased column after its expression. After the rewrite that text would be ours, so
the result's column is given the name the agent would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlglot.tokenizer_core import Token, TokenType

NAME_CHARS_MAX = 120
END_WORDS = {
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "UNION",
    "EXCEPT",
    "INTERSECT",
}
END_WORDS |= {"WINDOW", "INTO", "FOR", "QUALIFY", "MINUS"}
MODIFIERS = {"ALL", "DISTINCT", "DISTINCTROW", "STRAIGHT_JOIN", "SQL_NO_CACHE", "HIGH_PRIORITY"}
OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.CASE}
CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.END}


class RootNames:
    """The words for each root projection, cut from the text when somebody asks for them."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens

    @cached_property
    def words(self) -> tuple[str, ...]:
        """One piece of text per root projection; empty when the text has no SELECT outside parentheses."""
        return _root_projection_names(self._text, self._tokens)


def _root_projection_names(text: str, tokens: Sequence[Token]) -> tuple[str, ...]:
    start = _root_select(tokens)
    if start is None:
        return ()
    names: list[str] = []
    depth, first = 0, start
    index = start
    for index in range(start, len(tokens)):
        token = tokens[index]
        if depth == 0 and token.text.upper() in END_WORDS and token.token_type is not TokenType.IDENTIFIER:
            return (*names, _cut(text, tokens[first:index]))
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        if depth == 0 and token.token_type is TokenType.COMMA:
            names.append(_cut(text, tokens[first:index]))
            first = index + 1
    return (*names, _cut(text, tokens[first : index + 1]))


def _root_select(tokens: Sequence[Token]) -> int | None:
    """Return where the root's projections begin: WITH bodies stand in parentheses, so at depth 0."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        if depth == 0 and token.token_type is TokenType.SELECT:
            begin = index + 1
            while begin < len(tokens) and tokens[begin].text.upper() in MODIFIERS:
                begin += 1
            return begin + 2 if _is_top(tokens, begin) else begin
    return None


def _is_top(tokens: Sequence[Token], index: int) -> bool:
    """Whether `TOP 5` stands before the projections; a column may be named top as well."""
    words = tokens[index : index + 2]
    return len(words) == 2 and words[0].text.upper() == "TOP" and words[1].token_type is TokenType.NUMBER


def _cut(text: str, tokens: Sequence[Token]) -> str:
    if not tokens:
        return ""
    return " ".join(text[tokens[0].start : tokens[-1].end + 1].split())[:NAME_CHARS_MAX]
