"""What the translation from Redshift leaves wrong: the same words mean something else on the engine."""

from __future__ import annotations

from sqlglot import exp


def redshift_rewritten(node: exp.Expr) -> exp.Expr:
    """Return the node as the embedded engine must be told; the same node when nothing differs."""
    if isinstance(node, exp.RegexpReplace) and not node.args.get("modifiers"):
        return _every_match(node)
    if isinstance(node, exp.Concat):
        return _null_with_null(node)
    return node


def _every_match(node: exp.RegexpReplace) -> exp.Expr:
    """Redshift replaces every match, the engine the first unless it is told `g`."""
    copied = node.copy()
    copied.set("modifiers", exp.Literal.string("g"))
    return copied


def _null_with_null(node: exp.Concat) -> exp.Expr:
    """Redshift's CONCAT is NULL with a NULL in it, like `||`; the engine's leaves it out."""
    joined, *others = [exp.paren(each.copy()) for each in node.expressions]
    result: exp.Expr = joined
    for other in others:
        result = exp.DPipe(this=result, expression=other)
    return exp.paren(result)
