"""The left arm of a set operation in parentheses where the parser would misread it otherwise.

Behind GROUP BY ALL the words `UNION (SELECT …)` are read as a call of a function UNION.
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
