"""A rendered text parsed anew, in the engine's dialect, into a tree of nothing but known nodes."""

from __future__ import annotations

from functools import cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.enforcement.engine_functions import engine_functions
from lucky_mcp.enforcement.plain_text import is_plain
from lucky_mcp.errors import ConstructRefused, GuardFailed
from lucky_mcp.model.source import EMBEDDED, Dialect, Kind
from lucky_mcp.sql.dialects import ENGINE_DIALECTS
from lucky_mcp.sql.structure import OPERATORS, listed_parts
from lucky_mcp.sql.words import refuse_unknown_words

NEVER = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Set, exp.Parameter, exp.SessionParameter)


def read_known(text: str, dialect: Dialect, kind: Kind) -> exp.Expr:
    """Return the tree of one query; GuardFailed for a text or a node that is not known."""
    if not is_plain(text):
        raise not_safe("a character outside quotes that lexers may read differently")
    tree = _parsed(text, kind)
    listed = _listed_types(dialect, kind)
    functions = engine_functions(dialect, kind)
    quoted_only = kind in EMBEDDED
    for node in tree.walk():
        node_type = type(node)
        if node_type is exp.Identifier:
            if quoted_only and not node.args.get("quoted"):
                raise not_safe("a name that is not quoted")
            continue
        try:
            refuse_unknown_words(node)
        except ConstructRefused:
            raise not_safe(f"a word of {node_type.__name__} that is not known") from None
        if node_type not in listed and not functions.allows(node):
            raise not_safe(f"{node_type.__name__} {node.name} is not on the list")
        if isinstance(node, NEVER):
            raise not_safe(f"{node_type.__name__} in the text")
    return tree


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
    engine = SqlglotDialect.get_or_raise(ENGINE_DIALECTS[kind])
    try:
        statements = engine.parse(text, error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError):
        raise not_safe("the text does not parse in the engine's dialect") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise not_safe("the text is not one query")
    return statements[0]
