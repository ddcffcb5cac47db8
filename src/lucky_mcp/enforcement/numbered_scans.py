"""A guarded text with its scans numbered: MySQL names tables in plans by aliases, which are all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import Token, TokenType

from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS
from lucky_mcp.model.names import TableName
from lucky_mcp.sql.tokens import tokens_of


def numbered_scans(text: str, dialect: Dialect) -> tuple[str, Mapping[str, TableName]]:
    """Return the text with `lucky_scan_1`, `lucky_scan_2`, … for the alias of each scan, and what they scan.

    Nothing else of the text is touched. It is for EXPLAIN alone.
    """
    tokens = tokens_of(text, dialect)
    inside = _enclosing(tokens)
    scanned: dict[int | None, tuple[str, TableName]] = {}
    for place in range(4, len(tokens)):
        if _is_alias(tokens, place):
            schema, table = tokens[place - 4].text, tokens[place - 2].text
            name = f"{SCAN_ALIAS}_{len(scanned) + 1}"
            scanned[inside[place][0]] = (name, TableName(schema=schema, table=table))
    parts, done = [], 0
    for place, token in enumerate(tokens):
        if token.token_type is TokenType.IDENTIFIER and token.text == SCAN_ALIAS:
            own = next((scanned[each] for each in inside[place] if each in scanned), None)
            if own is not None and (_is_alias(tokens, place) or _is_qualifier(tokens, place)):
                parts += [text[done : token.start], text[token.start : token.end], own[0][len(SCAN_ALIAS) :]]
                done = token.end
    return "".join([*parts, text[done:]]), dict(scanned.values())


def _enclosing(tokens: Sequence[Token]) -> list[tuple[int | None, ...]]:
    """For each token the SELECTs around it by the place of their parenthesis, None the whole, inner first."""
    found: list[tuple[int | None, ...]] = []
    around: list[tuple[int | None, ...]] = [(None,)]
    for place, token in enumerate(tokens):
        found.append(around[-1])
        if token.token_type is TokenType.L_PAREN:
            is_select = place + 1 < len(tokens) and tokens[place + 1].token_type is TokenType.SELECT
            around.append((place, *around[-1]) if is_select else around[-1])
        elif token.token_type is TokenType.R_PAREN and len(around) > 1:
            around.pop()
    return found


def _is_alias(tokens: Sequence[Token], place: int) -> bool:
    """Whether it stands in `schema`.`table` AS `lucky_scan`."""
    kinds = [each.token_type for each in tokens[max(0, place - 4) : place + 1]]
    name = TokenType.IDENTIFIER
    expected = [name, TokenType.DOT, name, TokenType.ALIAS, name]
    return kinds == expected and tokens[place].text == SCAN_ALIAS


def _is_qualifier(tokens: Sequence[Token], place: int) -> bool:
    return place + 1 < len(tokens) and tokens[place + 1].token_type is TokenType.DOT
