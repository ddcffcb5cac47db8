"""Runnable texts to hand over with a refusal, made from the refused one."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.errors import Code, PredicateMissing, ReadError, TooExpensive
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.added_conditions import with_conditions
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.growth import written_out
from lucky_mcp.sql.lexical import TEXT_BYTES_MAX
from lucky_mcp.sql.parse import parse

# Generators write some parts of these several times. Calls within calls within calls get no alternative.
WRITTEN_AGAIN = (exp.Func, exp.Predicate, exp.Xor, exp.Ordered, exp.WithinGroup)
TIMES = 3
NODES_MAX = 20_000


def alternatives(text: str, refusal: ReadError, dialect: Dialect) -> Iterator[str]:
    """Yield texts that may run instead; the caller must try each, since nothing here decides."""
    if refusal.rewrite:
        yield refusal.rewrite
    if len(text.encode("utf-8", "replace")) > TEXT_BYTES_MAX:
        return
    if refusal.code is Code.CONSTRUCT_REFUSED:
        yield from _without_locks(text, dialect)
    elif refusal.code is Code.FUNCTION_REFUSED:
        yield from _from_other_dialects(text, dialect)
    elif isinstance(refusal, PredicateMissing | TooExpensive):
        yield from with_conditions(text, refusal.missing, dialect)


def _without_locks(text: str, dialect: Dialect) -> Iterator[str]:
    """FOR UPDATE and LOCK IN SHARE MODE mean nothing to a read: the rest stands."""
    for tree in _parsed(text, dialect):
        locking = [select for select in tree.find_all(exp.Select) if select.args.get("locks")]
        for select in locking:
            select.set("locks", None)
        if locking:
            yield tree.sql(dialect=dialect.value, comments=False, unsupported_level=ErrorLevel.IGNORE)


def _from_other_dialects(text: str, dialect: Dialect) -> Iterator[str]:
    """A function of another dialect is often meant: the parser knows how this one says it."""
    for other in Dialect:
        if other is dialect:
            continue
        for tree in _parsed(text, other):
            if written_out(tree, _times, NODES_MAX) > NODES_MAX:
                continue
            try:
                yield tree.sql(dialect=dialect.value, comments=False, unsupported_level=ErrorLevel.RAISE)
            except (SqlglotError, RecursionError):
                continue


def _times(node: exp.Expr) -> int:
    plain = isinstance(node, exp.Connector) and not isinstance(node, exp.Xor)
    return TIMES if isinstance(node, WRITTEN_AGAIN) and not plain else 1


def _parsed(text: str, dialect: Dialect) -> Iterator[exp.Expr]:
    """Yield the tree, read behind the same checks as any text of an agent."""
    try:
        yield parse(text, GRAMMARS[dialect]).tree
    except ReadError:
        return
