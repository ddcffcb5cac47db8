"""Subqueries that the engine's words for a function would hold twice are refused, with what to write.

GREATEST of one dialect is NULL when an argument is, and the engine's is not: the translation names each
argument twice. A subquery in it would be written out twice, with scans that the statement does not have.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.errors import ConstructRefused, Phase
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.structure import OPERATORS

MARK = "lucky_once"


def refuse_repeated_subqueries(nodes: Nodes, dialect: Dialect) -> None:
    """Raise ConstructRefused for a call around a subquery that its translation repeats."""
    seen: set[int] = set()
    for query in nodes.of(exp.Query):  # EXISTS holds its own without a Subquery around it
        call = _outermost_call(query)
        if call is not None and id(call) not in seen:
            seen.add(id(call))
            _refuse_repeated(call, dialect)


def _outermost_call(query: exp.Expr) -> exp.Func | exp.WithinGroup | None:
    """Return the call that holds a query within the same SELECT."""
    found: exp.Func | exp.WithinGroup | None = None
    node = query.parent
    while node is not None and not isinstance(node, exp.Query | exp.From | exp.Join):
        if isinstance(node, exp.WithinGroup) or (isinstance(node, exp.Func) and type(node) not in OPERATORS):
            found = node
        node = node.parent
    return found


def _refuse_repeated(call: exp.Func | exp.WithinGroup, dialect: Dialect) -> None:
    stub = call.copy()
    marked = 0
    for query in [each for each in stub.find_all(exp.Query) if each.find_ancestor(exp.Query) is None]:
        query.replace(exp.column(MARK))
        marked += 1
    try:
        text = render_engine(stub, dialect, Kind.DUCKDB)
    except (ConstructRefused, SqlglotError):
        return  # the whole statement fares no better, and says why
    if text.count(MARK) > marked:
        raise ConstructRefused(
            f"a subquery inside {_name(call)} is not accepted here",
            phase=Phase.ENFORCE,
            next_step="put the subquery into WITH or FROM, and use its column as the argument",
        )


def _name(call: exp.Func | exp.WithinGroup) -> str:
    called = call.this if isinstance(call, exp.WithinGroup) else call
    return called.sql_name() if isinstance(called, exp.Func) else "the ordered aggregate"
