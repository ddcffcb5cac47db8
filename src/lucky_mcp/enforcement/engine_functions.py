"""Which functions may stand in a rendered text: what the allowed calls and the masks become in the engine."""

from __future__ import annotations

from functools import cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.errors import ConstructRefused
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import ENGINES, GRAMMARS
from lucky_mcp.sql.functions.allowlist import Allowlist, learnt, sample_calls


@cache
def engine_functions(dialect: Dialect, kind: Kind) -> Allowlist:
    """Return what may stand in the engine's text: what came of calls that were checked before."""
    engine = ENGINES[kind]
    trees = []
    for call in sample_calls(dialect):
        for tree in GRAMMARS[dialect].dialect.parse(f"SELECT {call}", error_level=ErrorLevel.RAISE):
            trees += _in_engine(tree, dialect, kind, engine)
    return learnt(trees, every_type=True)  # some calls become a lambda or a list there


def _in_engine(tree: exp.Expr | None, dialect: Dialect, kind: Kind, engine: SqlglotDialect) -> list[exp.Expr]:
    """Return the call as the engine's parser reads it; none when the engine has no equal of it."""
    if tree is None:
        return []
    try:
        text = render_engine(tree, dialect, kind)
        return [each for each in engine.parse(text, error_level=ErrorLevel.RAISE) if each is not None]
    except (ConstructRefused, SqlglotError):
        return []
