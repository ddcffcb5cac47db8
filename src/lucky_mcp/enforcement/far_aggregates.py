"""Refuses what MySQL 9.7 ends on: an aggregate of columns of a query beyond a derived table that is ordered.

`SELECT (SELECT MAX(c) FROM (SELECT DISTINCT (SELECT MIN(o.a) FROM t) AS c FROM t ORDER BY 1) d) FROM t AS o`
ends the server, guarded or not. The aggregate is of o's rows, and nobody writes it so who means that.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from lucky_mcp.errors import ConstructRefused, Phase
from lucky_mcp.model.decision import Permit
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.resolved import ResolvedQuery


def refuse_far_aggregates(nodes: Nodes, query: ResolvedQuery, permit: Permit) -> None:
    """Raise ConstructRefused for an aggregate of columns beyond an ordered derived table around it."""
    if not any(map(_is_ordered_table, nodes.of(exp.Subquery))):
        return
    scopes = _Scopes(query, permit)
    for aggregate in nodes.of(exp.AggFunc):
        if not isinstance(aggregate.parent, exp.Window) and scopes.is_far(aggregate):
            raise ConstructRefused(
                f"the aggregate {aggregate.key.upper()} is of columns of a query around a derived table",
                phase=Phase.ENFORCE,
                next_step="leave out the ORDER BY of the derived table: its reader has its own order",
            )


@dataclass(frozen=True, kw_only=True)
class _Scope:
    """The names of a SELECT's items, and their columns; None where an item's are not known."""

    items: frozenset[str]
    columns: frozenset[str] | None

    def may_have(self, column: exp.Column) -> bool:
        if column.table:
            return column.table.lower() in self.items
        return self.columns is None or column.name.lower() in self.columns


class _Scopes:
    """What each SELECT reads, looked at once."""

    def __init__(self, query: ResolvedQuery, permit: Permit) -> None:
        shown = {each.table: {column.name.lower() for column in each.columns} for each in permit.tables}
        self._shown = {id(scan.node): shown.get(scan.table, set()) for scan in query.scans}
        self._known: dict[int, _Scope] = {}

    def is_far(self, aggregate: exp.AggFunc) -> bool:
        columns = list(aggregate.find_all(exp.Column))
        select = aggregate.find_ancestor(exp.Select)
        if not columns or select is None:
            return False
        crossed = False
        while select is not None and not any(map(self._of(select).may_have, columns)):
            node: exp.Expr | None = select
            while node is not None and (node is select or not isinstance(node, exp.Select)):
                crossed |= _is_ordered_table(node)
                node = node.parent
            select = node
        return crossed and select is not None

    def _of(self, select: exp.Select) -> _Scope:
        if id(select) not in self._known:
            items = list(_items(select))
            shown = [self._shown.get(id(item)) for item in items]
            known = [each for each in shown if each is not None]
            self._known[id(select)] = _Scope(
                items=frozenset(item.alias_or_name.lower() for item in items),
                columns=frozenset[str]().union(*known) if len(known) == len(shown) else None,
            )
        return self._known[id(select)]


def _items(select: exp.Select) -> list[exp.Expr]:
    """Return the items of FROM, those of joins in brackets among them, and nothing below another SELECT."""
    found: list[exp.Expr] = []
    for part in (select.args.get("from_"), *(select.args.get("joins") or ())):
        for node in (
            part.this.walk(prune=lambda each: isinstance(each, exp.Select)) if part is not None else ()
        ):
            if isinstance(node, exp.Table | exp.Subquery | exp.Values | exp.Lateral):
                found.append(node)
    return found


def _is_ordered_table(node: exp.Expr) -> bool:
    """Whether a node is a derived table with ORDER BY, and no join in brackets."""
    if not isinstance(node, exp.Subquery) or not isinstance(node.parent, exp.From | exp.Join):
        return False
    body = node.this
    while isinstance(body, exp.Subquery) and not body.args.get("order"):
        body = body.this
    return isinstance(body, exp.Query) and body.args.get("order") is not None
