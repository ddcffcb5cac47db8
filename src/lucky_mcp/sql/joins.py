"""Bare joins, settled in the text before it is parsed.

MySQL's `a JOIN b JOIN c ON …` joins left to right; the parser would read a looser comma join, and
takes time exponential in the number of bare joins. Writing CROSS JOIN says the same thing plainly.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokenizer_core import Token, TokenType

from lucky_mcp.errors import Code, StatementRefused
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.lexical import place_of

JOINS = {TokenType.JOIN, TokenType.STRAIGHT_JOIN}
CONDITIONS = {TokenType.ON, TokenType.USING}
OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET}
CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET}
CLAUSE_WORDS = {
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "WINDOW",
    "SELECT",
}
OUTER_WORDS = {"LEFT", "RIGHT", "FULL", "OUTER"}
SIDE_WORDS = OUTER_WORDS | {"INNER"}


def settle_bare_joins(text: str, tokens: Sequence[Token], grammar: Grammar) -> str:
    """Return the text with every bare JOIN written as CROSS JOIN; StatementRefused where it needs ON."""
    bare = _bare_joins(tokens)
    for index in bare:
        if grammar.join_needs_condition or _is_outer(tokens, index):
            raise StatementRefused(
                "a JOIN has no ON or USING",
                code=Code.PARSE_ERROR,
                place=place_of(tokens[index]),
                next_step="add ON or USING, or write CROSS JOIN",
            )
    for index in reversed(bare):
        start, end = tokens[index].start, tokens[index].end
        if index and tokens[index - 1].token_type in {TokenType.INNER, TokenType.STRAIGHT_JOIN}:
            start = tokens[index - 1].start
        text = f"{text[:start]}CROSS JOIN{text[end + 1 :]}"
    return text


def _bare_joins(tokens: Sequence[Token]) -> list[int]:
    """Return the positions of JOIN tokens that no ON or USING closes, in order."""
    if JOINS.isdisjoint(token.token_type for token in tokens):
        return []
    bare: list[int] = []
    pending: list[list[int]] = [[]]
    for index, token in enumerate(tokens):
        kind = token.token_type
        if kind in OPENING:
            pending.append([])
        elif kind in CLOSING and len(pending) > 1:
            bare += pending.pop()
        elif kind in JOINS:
            if not _never_takes_condition(tokens, index):
                pending[-1].append(index)
        elif kind in CONDITIONS and pending[-1]:
            pending[-1].pop()
        elif pending[-1] and (kind is TokenType.COMMA or _word(tokens, index) in CLAUSE_WORDS):
            bare += pending[-1]
            pending[-1] = []
    for level in pending:
        bare += level
    return sorted(bare)


def _never_takes_condition(tokens: Sequence[Token], index: int) -> bool:
    if _word(tokens, index - 1) in {"SELECT", "DISTINCT"}:  # SELECT STRAIGHT_JOIN is a modifier, not a join
        return True
    before = index - 1
    while _word(tokens, before) in SIDE_WORDS:
        before -= 1
    return _word(tokens, before) in {"CROSS", "NATURAL"}


def _is_outer(tokens: Sequence[Token], index: int) -> bool:
    return _word(tokens, index - 1) in OUTER_WORDS


def _word(tokens: Sequence[Token], index: int) -> str:
    """Return the keyword at a position; a quoted name or a string is none."""
    if index < 0 or tokens[index].token_type in {TokenType.IDENTIFIER, TokenType.STRING}:
        return ""
    return tokens[index].text.upper()
