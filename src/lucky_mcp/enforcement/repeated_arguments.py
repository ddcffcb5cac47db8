"""Calls within calls whose translation writes an argument several times: refused before anything is written.

STRCMP of one dialect is a CASE on the engine that names both arguments three times. Eight of them, one in the
other, are a text of a megabyte made from 140 characters, and its making would stop all other reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.enforcement.render import render_agent, render_engine
from lucky_mcp.errors import Code, ConstructRefused, Phase
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.functions.allowlist import sample_calls
from lucky_mcp.sql.growth import written_out
from lucky_mcp.sql.nodes import Nodes

MORE_NODES_MAX = 5_000
MARK = "lucky_argument_"
# What the sample calls do not show: operators, and arguments that most calls do without.
MORE_CALLS = (
    "a BETWEEN SYMMETRIC b AND 2",
    "LOCATE('x', a, b)",
    "REGEXP_COUNT(a, b)",
    "REGEXP_INSTR(a, b, 1)",
    "MONTHS_BETWEEN(a, b)",
)
LIKES = (exp.Like, exp.ILike)
REPEATING = (exp.WithinGroup, exp.Func, exp.Between, *LIKES)
Called = type[exp.Expr] | str


def refuse_repeated_arguments(nodes: Nodes, dialect: Dialect, kind: Kind) -> None:
    """Raise ConstructRefused when the translation would be far larger than the statement."""
    known = repeats(dialect, kind)
    times = _times(known)
    if all(times(node) == 1 for each, found in nodes.types() if _may_repeat(each) for node in found):
        return
    limit = len(nodes) + MORE_NODES_MAX
    if written_out(nodes.tree, times, limit) > limit:
        raise ConstructRefused(
            "calls within calls would make the translated statement too large",
            code=Code.TOO_LARGE,
            phase=Phase.ENFORCE,
            next_step="compute the inner calls as columns in WITH or FROM, and use these as arguments",
        )


@cache
def repeats(dialect: Dialect, kind: Kind) -> Mapping[Called, int]:
    """Return how often calls write an argument on the engine, those that do so once left out.

    Found by writing out every sample call, so that no list has to be kept.
    """
    found: dict[Called, int] = {}
    for call in (*sample_calls(dialect), *MORE_CALLS):
        for tree in GRAMMARS[dialect].dialect.parse(f"SELECT {call}", error_level=ErrorLevel.RAISE):
            node = tree.find(*REPEATING) if tree is not None else None
            if tree is not None and node is not None:
                times = _written(tree, dialect, kind)
                found[_called(node)] = max(times, found.get(_called(node), 1))
    return {called: times for called, times in found.items() if times > 1}


def _written(tree: exp.Expr, dialect: Dialect, kind: Kind) -> int:
    """Return how often the most repeated argument of a call is written."""
    marks = []
    for number, column in enumerate(list(tree.find_all(exp.Column))):
        marks.append(f"{MARK}{number}_")
        column.replace(exp.column(marks[-1]))
    texts = [render_agent(tree, dialect)]
    try:
        texts.append(render_engine(tree, dialect, kind))
    except (ConstructRefused, SqlglotError):
        return 1  # the engine has no equal of it
    return max((text.count(mark) for text in texts for mark in marks), default=1)


def _times(known: Mapping[Called, int]) -> Callable[[exp.Expr], int]:
    def times(node: exp.Expr) -> int:
        if isinstance(node, exp.DecodeCase):
            return max(len(node.expressions) // 2, 1)
        if isinstance(node, LIKES):
            return max(len(node.expression.this.unnest().expressions), 1) if _of_several(node) else 1
        return known.get(_called(node), 1)

    return times


def _called(node: exp.Expr) -> Called:
    return str(node.this).lower() if isinstance(node, exp.Anonymous) else type(node)


def _of_several(node: exp.Expr) -> bool:
    """`LIKE ANY (…)` becomes a LIKE for each pattern."""
    patterns = node.args.get("expression")
    return isinstance(patterns, exp.Any | exp.All) and isinstance(patterns.this, exp.Expr)


def _may_repeat(kind: type[exp.Expr]) -> bool:
    return issubclass(kind, REPEATING)
