"""How deep a syntax tree is. Walks over a tree recurse, and compiled code does not heed Python's limit."""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.errors import Code, StatementRefused

DEPTH_MAX = 500


def refuse_deep_tree(tree: exp.Expr) -> None:
    """StatementRefused (TOO_LARGE) for a tree of more than DEPTH_MAX levels, found without recursion."""
    level: list[exp.Expr] = [tree]
    for _ in range(DEPTH_MAX):
        level = [child for node in level for child in node.iter_expressions()]
        if not level:
            return
    raise too_deep()


def too_deep() -> StatementRefused:
    """Return the refusal of a statement that is nested or chained too deeply."""
    return StatementRefused(
        f"the statement is nested too deeply, or one chain of operators is longer than about {DEPTH_MAX}",
        code=Code.TOO_LARGE,
        next_step="name the inner queries in WITH, and write long chains of OR as IN (…)",
    )
