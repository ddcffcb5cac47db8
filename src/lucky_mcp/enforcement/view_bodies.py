"""The reviewed definition of a view, with a guard in the place of every table and view that it reads.

Only the columns that the decisions below show are in it. A column of the view's own that is computed from a
hidden one is left out; where a hidden column says which rows there are, nothing is made at all.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lucky_mcp.enforcement.guard_scans import guard_select, move_hanging_joins, set_fence
from lucky_mcp.errors import ConstructRefused, Phase, ReadError
from lucky_mcp.model.decision import TableDecision, ViewBelow
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.view_columns import column_uses, leftmost
from lucky_mcp.sql.views import definition_tree


def view_body(decided: TableDecision, dialect: Dialect, kind: Kind) -> exp.Query | None:
    """Return what is read in place of a view's name, every scan in it guarded and fenced; None for a table.

    ConstructRefused when the definition is not one that the decision was made for.
    """
    if decided.below is None:
        return None
    tree = visible_definition(decided.below, dialect)
    missing = {column.name for column in decided.columns} - set(leftmost(tree).named_selects)
    if missing:
        raise _not_reviewed(f"the definition does not show {min(missing)}")
    below = {each.table: each for each in decided.below.tables}
    for node in tables_of(tree):
        inner = below[table_name(node)]
        guard = guard_select(inner, dialect, view_body(inner, dialect, kind))
        set_fence(guard, kind)
        derived = exp.Subquery(this=guard, alias=node.args["alias"].copy())
        move_hanging_joins(node, derived)
        node.replace(derived)
    return tree


def visible_definition(view: ViewBelow, dialect: Dialect) -> exp.Query:
    """Return the definition without columns that come from hidden ones; ConstructRefused when in doubt."""
    try:
        tree = definition_tree(view.definition, dialect)
        uses = column_uses(tree)
        first = leftmost(tree)
    except (ReadError, SqlglotError, ValueError) as failure:
        raise _not_reviewed(repr(failure)) from None
    if not isinstance(tree, exp.Query):
        raise _not_reviewed("the definition is no query")
    visible = {each.table: {column.name for column in each.columns} for each in view.tables}
    unknown = {table_name(node) for node in tables_of(tree)} - visible.keys()
    if unknown:
        raise _not_reviewed(f"the definition reads {min(unknown)}")
    hidden = [use for use in uses if use.column.name not in visible[use.table]]
    if any(use.is_needed for use in hidden):
        raise _not_reviewed(f"the definition needs {hidden[0].table}.{hidden[0].column.name}")
    left_out = {use.position for use in hidden}
    first.set("expressions", [each for at, each in enumerate(first.expressions) if at not in left_out])
    return tree


def tables_of(tree: exp.Expr) -> list[exp.Table]:
    """Return the places where a definition reads a table or view; other names are its own WITH entries."""
    return [node for node in tree.find_all(exp.Table) if node.args.get("db")]


def table_name(node: exp.Table) -> TableName:
    """Return the table that a settled name means."""
    return TableName(schema=node.db, table=node.name)


def _not_reviewed(detail: str) -> ConstructRefused:
    return ConstructRefused(
        "a view cannot be read here: its definition is not the one that was reviewed",
        phase=Phase.ENFORCE,
        next_step="read other tables; the refusal has been recorded for the maintainers",
        audit_detail=detail,
    )
