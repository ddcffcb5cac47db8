"""Refuses what MySQL 9.7 ends on: an aggregate of columns of a query beyond a derived table that is ordered.

`SELECT (SELECT MAX(c) FROM (SELECT DISTINCT (SELECT MIN(o.a) FROM t) AS c FROM t ORDER BY 1) d) FROM t AS o`
ends the server, guarded or not. The aggregate is of o's rows, and nobody writes it so who means that.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from lucky_mcp.errors import ConstructRefused, Phase
from lucky_mcp.model.decision import Permit
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.resolved import ResolvedQuery

Columns = Mapping[int, frozenset[str]]


def refuse_far_aggregates(nodes: Nodes, query: ResolvedQuery, permit: Permit) -> None:
    """Raise ConstructRefused for an aggregate of columns that stand beyond a derived table around it."""
    aggregates = [
        each
        for each in nodes.of(exp.AggFunc)
        if not isinstance(each.parent, exp.Window) and each.find(exp.Column) is not None
    ]
    if not any(_is_ordered_table(derived) for derived in nodes.of(exp.Subquery)):
        return
    shown = {each.table: frozenset(column.name.lower() for column in each.columns) for each in permit.tables}
    known = {id(scan.node): shown.get(scan.table, frozenset()) for scan in query.scans}
    for aggregate in aggregates:
        if _is_far(aggregate, known):
            raise ConstructRefused(
                f"the aggregate {aggregate.key.upper()} is of columns of a query around a derived table",
                phase=Phase.ENFORCE,
                next_step="leave out the ORDER BY of the derived table: its reader has its own order",
            )


def _is_far(aggregate: exp.AggFunc, known: Columns) -> bool:
    columns = list(aggregate.find_all(exp.Column))
    select = aggregate.find_ancestor(exp.Select)
    crossed = False
    while select is not None and not any(_may_have(select, column, known) for column in columns):
        node: exp.Expr | None = select
        while node is not None and (node is select or not isinstance(node, exp.Select)):
            crossed |= _is_ordered_table(node)
            node = node.parent
        select = node
    return crossed and select is not None


def _is_ordered_table(node: exp.Expr) -> bool:
    """Whether a node is a derived table with ORDER BY, and no join in brackets."""
    if not isinstance(node, exp.Subquery) or not isinstance(node.parent, exp.From | exp.Join):
        return False
    body = node.this
    while isinstance(body, exp.Subquery) and not body.args.get("order"):
        body = body.this
    return isinstance(body, exp.Query) and body.args.get("order") is not None


def _may_have(select: exp.Select, column: exp.Column, known: Columns) -> bool:
    items = [
        item
        for part in (select.args.get("from_"), *(select.args.get("joins") or ()))
        if part is not None
        for item in part.find_all(exp.Table, exp.Subquery, exp.Values, exp.Lateral)
        if item.find_ancestor(exp.Select) is select
    ]
    if column.table:
        return column.table.lower() in {item.alias_or_name.lower() for item in items}
    return any(column.name.lower() in known.get(id(item), {column.name.lower()}) for item in items)
