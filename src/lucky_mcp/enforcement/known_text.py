"""A rendered text parsed anew, in the engine's dialect, into a tree of nothing but known nodes."""

from __future__ import annotations

from functools import cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.enforcement.engine_functions import engine_functions
from lucky_mcp.enforcement.plain_text import is_plain
from lucky_mcp.enforcement.token_forms import PARTS, is_part_of_token, without_sign
from lucky_mcp.errors import ConstructRefused, GuardFailed
from lucky_mcp.model.source import EMBEDDED, Dialect, Kind
from lucky_mcp.sql.dialects import ENGINES
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.structure import OPERATORS, listed_parts
from lucky_mcp.sql.tokens import tokens_of
from lucky_mcp.sql.words import refuse_unknown_words

NEVER = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Set, exp.Parameter, exp.SessionParameter)


def read_known(text: str, dialect: Dialect, kind: Kind, token_parts: list[exp.Expr] | None = None) -> Nodes:
    """Return the nodes of one query; GuardFailed for a text or a node that is not known.

    Parts of tokens are put into `token_parts` for whoever knows where they may stand; without it they are not
    known either.
    """
    if not is_plain(text if token_parts is None else without_sign(text, kind)):
        raise not_safe("a character outside quotes that lexers may read differently")
    nodes = Nodes(_parsed(text, kind))
    listed = _listed_types(dialect, kind)
    functions = engine_functions(dialect, kind)
    for node_type, found in nodes.types():
        if node_type is exp.Identifier:
            if kind in EMBEDDED and not all(node.args.get("quoted") for node in found):
                raise not_safe("a name that is not quoted")
            continue
        if token_parts is not None and issubclass(node_type, PARTS):
            parts = [node for node in found if is_part_of_token(node)]
            token_parts += parts
            found = [node for node in found if not is_part_of_token(node)] if parts else found
        if found and issubclass(node_type, NEVER):
            raise not_safe(f"{node_type.__name__} in the text")
        if node_type not in listed:
            for node in found:
                if not functions.allows(node):
                    raise not_safe(f"{node_type.__name__} {node.name} is not on the list")
        try:
            for node in found:
                refuse_unknown_words(node)
        except ConstructRefused:
            raise not_safe(f"a word of {node_type.__name__} that is not known") from None
    return nodes


def not_safe(why: str) -> GuardFailed:
    """Return the failure of a text that is not run; `why` is for the audit."""
    return GuardFailed(
        "the statement could not be made safe, so it was not run",
        next_step="write it more simply; the refusal has been recorded for the maintainers",
        audit_detail=why,
    )


@cache
def _listed_types(dialect: Dialect, kind: Kind) -> frozenset[type[exp.Expr]]:
    return OPERATORS | listed_parts(dialect) | engine_functions(dialect, kind).types


def _parsed(text: str, kind: Kind) -> exp.Expr:
    engine = ENGINES[kind]
    try:
        statements = engine.parser(error_level=ErrorLevel.RAISE).parse(tokens_of(text, engine), text)
    except (SqlglotError, RecursionError):
        raise not_safe("the text does not parse in the engine's dialect") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise not_safe("the text is not one query")
    return statements[0]
