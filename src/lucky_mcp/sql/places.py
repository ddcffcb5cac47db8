"""Where a node stands in the agent's text, as far as the parser kept it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from lucky_mcp.errors import Place


def place_of_node(node: exp.Expr) -> Place | None:
    """Return where a node stands in the agent's text, when the parser kept it."""
    for each in node.walk():
        if each.meta.get("line"):
            length = each.meta["end"] - each.meta["start"] + 1
            name = each.name[:40] if each.name else ""
            return Place(line=each.meta["line"], column=max(each.meta["col"] - length + 1, 1), token=name)
    return None


def forget_places(nodes: Iterable[exp.Expr]) -> None:
    """Drop in place what `place_of_node` reads: it is most of the cost of a copy of the tree."""
    for node in nodes:
        node._meta = None
