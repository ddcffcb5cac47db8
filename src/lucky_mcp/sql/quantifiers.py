"""Subqueries behind ALL that the parser misreads by the parentheses around them."""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.sql.nodes import Nodes


def settle_all(nodes: Nodes) -> None:
    """Make `<> ALL ((SELECT …))`, read as a call, what one pair of parentheses means, in place."""
    for call in nodes.of(exp.Anonymous):
        inner = call.expressions[0] if len(call.expressions) == 1 else None
        if str(call.this).upper() == "ALL" and isinstance(inner, exp.Subquery) and not inner.alias:
            call.replace(exp.All(this=inner.unnest()))
