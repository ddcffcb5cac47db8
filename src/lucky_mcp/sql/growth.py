"""How large a statement gets where writing it out repeats parts of it, worked out before it is written."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp


def written_out(tree: exp.Expr, times: Callable[[exp.Expr], int], at_most: int) -> int:
    """Return how many nodes a tree comes to, or a number above `at_most` as soon as it is more.

    `times` says how often the parts of a node are written; calls within calls multiply.
    """
    total = 0
    waiting = [(tree, 1)]
    while waiting and total <= at_most:
        node, multiplier = waiting.pop()
        total += multiplier
        inside = multiplier * times(node)
        waiting += [(child, inside) for child in node.iter_expressions()]
    return total
