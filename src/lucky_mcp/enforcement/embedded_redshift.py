"""What the translation from Redshift leaves wrong: the same words mean something else on the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from lucky_mcp.model.source import Dialect


def _every_match(node: exp.RegexpReplace, dialect: Dialect) -> exp.Expr:
    """Redshift replaces every match, the engine the first unless it is told `g`."""
    if node.args.get("modifiers"):
        return node
    copied = node.copy()
    copied.set("modifiers", exp.Literal.string("g"))
    return copied


def _null_with_null(node: exp.Concat, dialect: Dialect) -> exp.Expr:
    """Redshift's CONCAT is NULL with a NULL in it, like `||`; the engine's leaves it out."""
    joined, *others = [exp.paren(each.copy()) for each in node.expressions]
    result: exp.Expr = joined
    for other in others:
        result = exp.DPipe(this=result, expression=other)
    return exp.paren(result)


def _ratio(node: exp.Window, dialect: Dialect) -> exp.Expr:
    """RATIO_TO_REPORT is a value as a share of its sum over the same window."""
    call = node.this
    if not isinstance(call, exp.Anonymous) or str(call.this).lower() != "ratio_to_report":
        return node
    value = exp.cast(exp.paren(call.expressions[0].copy()), exp.DataType.build("DOUBLE"))
    whole = node.copy()
    whole.set("this", exp.Sum(this=value.copy()))
    return exp.paren(exp.Div(this=value, expression=whole, typed=False, safe=False))


# What the engine must be told instead of a node of the type, or of one derived from it.
REDSHIFT: dict[type[exp.Expr], Callable[[Any, Dialect], exp.Expr]] = {
    exp.RegexpReplace: _every_match,
    exp.Concat: _null_with_null,
    exp.Window: _ratio,
}
