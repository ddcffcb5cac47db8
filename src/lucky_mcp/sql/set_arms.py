"""Subqueries that the parser misreads by the parentheses around them.

Behind GROUP BY ALL the words `UNION (SELECT …)` are read as a call of a function UNION; `ALL ((SELECT …))`
is read as one of a function ALL.
"""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.sql.nodes import Nodes


def settle_set_arms(nodes: Nodes) -> None:
    """Put parentheses in place around arms that end with GROUP BY ALL and are followed by one."""
    for operation in nodes.of(exp.SetOperation):
        left, right = operation.this, operation.expression
        group = left.args.get("group") if isinstance(left, exp.Select) else None
        if group is not None and group.args.get("all") and isinstance(right, exp.Subquery):
            operation.set("this", exp.Subquery(this=left))


def settle_all(nodes: Nodes) -> None:
    """Make `<> ALL ((SELECT …))` what it is with one pair of parentheses, in place."""
    for call in nodes.of(exp.Anonymous):
        inner = call.expressions[0] if len(call.expressions) == 1 else None
        if str(call.this).upper() == "ALL" and isinstance(inner, exp.Subquery) and not inner.alias:
            call.replace(exp.All(this=inner.unnest()))
