"""How deep a syntax tree is. Walks over a tree recurse, and compiled code does not heed Python's limit."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from lucky_mcp.errors import Code, StatementRefused
from lucky_mcp.sql.nodes import Nodes

DEPTH_MAX = 500
FLAT = (exp.And, exp.Or, exp.SetOperation)


def refuse_deep_tree(nodes: Nodes) -> None:
    """StatementRefused (TOO_LARGE) for a tree of more than DEPTH_MAX levels, found without recursion.

    A chain of one of FLAT counts as one level: it is written flat, and the parser handles it in a loop.
    """
    if len(nodes) <= DEPTH_MAX:
        return  # a tree has no more levels than nodes
    level: list[exp.Expr] = [nodes.tree]
    for _ in range(DEPTH_MAX):
        level = [child for node in level for child in _below(node)]
        if not level:
            return
    raise too_deep()


def _below(node: exp.Expr) -> Iterator[exp.Expr]:
    while isinstance(node, FLAT) and type(node.this) is type(node):
        yield from (child for child in node.iter_expressions() if child is not node.this)
        node = node.this
    yield from node.iter_expressions()


def too_deep() -> StatementRefused:
    """Return the refusal of a statement that is nested or chained too deeply."""
    return StatementRefused(
        f"the statement is nested too deeply, or one chain of operators is longer than about {DEPTH_MAX}",
        code=Code.TOO_LARGE,
        next_step="name the inner queries in WITH, and split long chains of operators",
    )
