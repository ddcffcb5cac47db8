"""The separator of LISTAGG and GROUP_CONCAT, where the parser loses it or knows another default."""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.nodes import Nodes


def settle_separators(nodes: Nodes, grammar: Grammar) -> None:
    """Give every such call in place the separator that the dialect's server would use."""
    if grammar.list_separator is None:
        return
    for call in nodes.of(exp.GroupConcat):
        if call.args.get("separator") is None:
            _settle(call, grammar.list_separator)


def _settle(call: exp.GroupConcat, default: str) -> None:
    order = call.this if isinstance(call.this, exp.Order) else None
    value = order.this if order is not None else call.this
    separator: exp.Expr = exp.Literal.string(default)
    if isinstance(value, exp.Distinct) and len(value.expressions) == 2:
        # The parser counts the separator among the distinct values.
        first, separator = value.expressions
        value = exp.Distinct(expressions=[first])
    if order is not None:  # `value, separator ORDER BY …`: the order stands behind the separator
        separator = exp.Order(this=separator, expressions=order.expressions)
    call.set("this", value)
    call.set("separator", separator)
