"""Text -> tokens, and everything that is refused or repaired before the parser runs.

The parser is not a safe place for hostile text: nesting exhausts the stack, a chain of joins without
conditions takes it exponential time, and executable comments vanish. All of that shows in the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from lucky_mcp.errors import Code, ConstructRefused, Place, StatementRefused
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.tokens import tokens_of

TEXT_BYTES_MAX = 65_536
NESTING_MAX = 100
SUBSCRIPTS_MAX = 100
ARRAYS_NESTED_MAX = 6  # the parser's time doubles with each further level

OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
BRACKETS = {TokenType.L_BRACKET, TokenType.L_BRACE}
BRACKETS_CLOSED = {TokenType.R_BRACKET, TokenType.R_BRACE}
PARENS = {TokenType.L_PAREN, TokenType.R_PAREN}
STRUCTURE = OPENING | CLOSING | BRACKETS | BRACKETS_CLOSED
TRAPS = {TokenType.PARAMETER, TokenType.SESSION_PARAMETER, TokenType.UNICODE_STRING, TokenType.INTO}
TYPE_CALLS_NESTED_MAX = 5


def read_tokens(text: str, grammar: Grammar) -> list[Token]:
    """Return the tokens of exactly one statement; StatementRefused or ConstructRefused otherwise."""
    _refuse_size(text)
    try:
        tokens = tokens_of(text, grammar.dialect)
    except (SqlglotError, RecursionError) as failure:
        raise StatementRefused(
            "the text cannot be read as SQL: an unclosed quote, comment or an unknown character",
            code=Code.PARSE_ERROR,
            next_step="close every quote and comment, and send one SELECT statement",
            audit_detail=str(failure),
        ) from None
    written, tokens = tokens, _one_statement(tokens)
    kinds = {token.token_type for token in tokens}
    _refuse_verb(tokens, grammar)
    structure = [index for index, token in enumerate(tokens) if token.token_type in STRUCTURE]
    _refuse_nesting([tokens[index] for index in structure])
    _refuse_nested_types(tokens, structure, grammar)
    if grammar.runs_comments and "!" in text:
        for token in written:
            _refuse_comment(token)
    if not TRAPS.isdisjoint(kinds) or "&'" in text or '&"' in text:
        _refuse_traps(tokens, text)
    if grammar.lost_calls:
        _refuse_lost_calls(tokens, grammar)
    return tokens


def place_of(token: Token) -> Place:
    """Return where a token starts, for messages (1-based)."""
    return Place(line=token.line, column=max(token.col - len(token.text) + 1, 1), token=token.text[:40])


def _refuse_size(text: str) -> None:
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > TEXT_BYTES_MAX:
        raise StatementRefused(
            f"the SQL text has {size:,} bytes; at most {TEXT_BYTES_MAX:,} are accepted",
            code=Code.TOO_LARGE,
            next_step="shorten long IN lists with a join, a range or a subquery",
        )
    if "\x00" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text)):
        raise StatementRefused(
            "the SQL text holds a character that is not valid text (NUL or a lone surrogate)",
            code=Code.PARSE_ERROR,
            next_step="send plain UTF-8 text",
        )


def _one_statement(tokens: list[Token]) -> list[Token]:
    end = len(tokens)
    while end and tokens[end - 1].token_type is TokenType.SEMICOLON:
        end -= 1
    tokens = tokens[:end]
    if not tokens:
        raise StatementRefused(
            "the SQL text is empty", code=Code.PARSE_ERROR, next_step="send one SELECT statement"
        )
    semicolon = next((token for token in tokens if token.token_type is TokenType.SEMICOLON), None)
    if semicolon is not None:
        raise StatementRefused(
            "more than one statement was sent; exactly one is accepted",
            code=Code.MULTIPLE_STATEMENTS,
            place=place_of(semicolon),
            next_step="send the statements one by one, or combine them with WITH or UNION ALL",
        )
    return tokens


def _refuse_verb(tokens: list[Token], grammar: Grammar) -> None:
    first = next((t for t in tokens if t.token_type is not TokenType.L_PAREN), tokens[0])
    if first.text.upper() in grammar.root_words:
        return
    raise StatementRefused(
        "only SELECT, WITH … SELECT, VALUES and TABLE are accepted",
        code=Code.NOT_READ_ONLY,
        place=place_of(first),
        next_step="for metadata use describe_table or search_catalog, for a plan use check_query",
    )


def _refuse_nesting(structure: list[Token]) -> None:
    depth = brackets = subscripts = 0
    for token in structure:
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        brackets += (token.token_type in BRACKETS) - (token.token_type in BRACKETS_CLOSED)
        subscripts += token.token_type in BRACKETS
        if depth > NESTING_MAX or brackets > ARRAYS_NESTED_MAX or subscripts > SUBSCRIPTS_MAX:
            raise StatementRefused(
                f"the SQL is nested too deeply: at most {NESTING_MAX} levels of parentheses and CASE, "
                f"{ARRAYS_NESTED_MAX} of brackets, {SUBSCRIPTS_MAX} brackets in all",
                code=Code.TOO_LARGE,
                place=place_of(token),
                next_step="name the inner queries in WITH and use IN (…) or AND/OR without nesting",
            )


def _refuse_nested_types(tokens: list[Token], structure: list[int], grammar: Grammar) -> None:
    """`DATE(DATE(…` could be a type or a call: the parser tries both ways at every level."""
    types = grammar.dialect.parser_class.TYPE_TOKENS
    calls: list[bool] = []
    for index in structure:
        token = tokens[index]
        if token.token_type not in PARENS or not index:
            continue
        if token.token_type is TokenType.L_PAREN:
            before = tokens[index - 1].token_type
            calls.append(before in types and before is not TokenType.VAR)
            if calls[-1] and sum(calls) > TYPE_CALLS_NESTED_MAX:
                raise StatementRefused(
                    f"calls named like types (DATE(…)) are nested more than {TYPE_CALLS_NESTED_MAX} deep",
                    code=Code.TOO_LARGE,
                    place=place_of(token),
                    next_step="one call is enough",
                )
        elif calls:
            calls.pop()


def _refuse_comment(token: Token) -> None:
    """MySQL runs what stands in `/*! … */`; here it would silently not run, which is a lie."""
    for comment in token.comments:
        if comment.startswith(("!", "M!")):
            raise ConstructRefused(
                "an executable comment /*! … */ is not accepted",
                place=place_of(token),
                next_step="write what it holds as plain SQL, or leave it out",
            )


def _refuse_lost_calls(tokens: Sequence[Token], grammar: Grammar) -> None:
    for before, token in pairwise(tokens):
        name = before.text.upper()
        if token.token_type is TokenType.L_PAREN and name in grammar.lost_calls:
            raise ConstructRefused(
                f"the function {name} is not on the list of accepted functions",
                code=Code.FUNCTION_REFUSED,
                place=place_of(before),
                next_step=grammar.lost_calls[name],
            )


def _refuse_traps(tokens: Sequence[Token], text: str) -> None:
    for before, token in pairwise(tokens):
        word, previous = token.text.upper(), before.text.upper()
        if previous == "INTO" and word in {"OUTFILE", "DUMPFILE"}:
            raise StatementRefused(
                "INTO OUTFILE writes a file; nothing is ever written",
                place=place_of(token),
                next_step="leave INTO out; the rows come back as the result",
            )
    for token in tokens:
        if token.token_type in {TokenType.PARAMETER, TokenType.SESSION_PARAMETER}:
            raise ConstructRefused(
                "variables and parameters (@x, @@x, $1) are not accepted",
                place=place_of(token),
                next_step="write the value as a literal",
            )
        if token.token_type is TokenType.UNICODE_STRING:
            raise ConstructRefused(
                "U&'…' strings and names are not accepted",
                place=place_of(token),
                next_step="write the characters themselves",
            )
        adjacent = text[token.end + 1 : token.end + 3]
        if token.text.upper() == "U" and adjacent in {"&'", '&"'}:
            raise ConstructRefused(
                "U&'…' strings and names are not accepted",
                place=place_of(token),
                next_step="write the characters themselves",
            )
