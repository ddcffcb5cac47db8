"""Which columns of which tables a settled definition uses, and what each column of its own comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from lucky_mcp.model.names import TableName

# A column of a SELECT with nothing else can be left out: no other part of it says what a row is.
PLAIN_PARTS = {"with_", "expressions", "from_", "joins", "where", "group", "having"}


@dataclass(frozen=True, kw_only=True)
class ColumnUse:
    """One place where a column of a table or view is used.

    `is_needed`: without it the definition means other rows. Else `position` is that of the definition's own
    column in which it stands.
    """

    column: exp.Column
    table: TableName
    is_needed: bool
    position: int


def column_uses(tree: exp.Expr) -> list[ColumnUse]:
    """Return every use of a column of a table, in any position; ValueError for one that is not settled."""
    separable = _separable(tree)
    found: dict[int, ColumnUse] = {}
    settled: set[int] = set()
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if source is not None:
                settled.add(id(column))
            if isinstance(source, exp.Table) and source.args.get("db"):
                position = _position(column, tree) if separable else -1
                name = TableName(schema=source.db, table=source.name)
                found[id(column)] = ColumnUse(
                    column=column, table=name, is_needed=position < 0, position=position
                )
    for column in tree.find_all(exp.Column):
        if id(column) not in settled and not _is_of_order(column):
            raise ValueError(f"{column.sql()} is of no table")
    return list(found.values())


def origins(tree: exp.Expr) -> list[tuple[tuple[TableName, str], ...]]:
    """Return for each column of the definition the columns of tables that it is computed from, sorted."""
    scopes = {id(scope.expression): scope for scope in traverse_scope(tree)}
    return [
        tuple(sorted(set(_origins(tree, position, scopes, frozenset()))))
        for position in range(len(leftmost(tree).expressions))
    ]


def leftmost(tree: exp.Expr) -> exp.Select:
    """Return the SELECT that names the columns; ValueError when there is none."""
    while isinstance(tree, exp.SetOperation | exp.Subquery):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        raise ValueError("a definition is a SELECT")
    return tree


def _separable(tree: exp.Expr) -> bool:
    """Whether a column of the definition may be left out without changing rows or the other columns."""
    if not isinstance(tree, exp.Select) or set(filter(tree.args.get, tree.args)) - PLAIN_PARTS:
        return False
    group = tree.args.get("group")
    if group is not None:
        return set(filter(group.args.get, group.args)) == {"expressions"}
    aggregates = (call for each in tree.expressions for call in each.find_all(exp.AggFunc))
    return not any(call.parent_select is tree for call in aggregates)


def _position(column: exp.Column, tree: exp.Expr) -> int:
    """Return in which of the definition's own columns it stands; -1 elsewhere."""
    node: exp.Expr = column
    while node.parent is not None and node.parent is not tree:
        node = node.parent
    is_shown = node.parent is tree and node.arg_key == "expressions"
    return next((at for at, each in enumerate(tree.expressions) if each is node), -1) if is_shown else -1


def _is_of_order(column: exp.Column) -> bool:
    """ORDER BY may name a column of the SELECT by its alias."""
    order = column.find_ancestor(exp.Order, exp.Query)
    query = order.parent if isinstance(order, exp.Order) else None
    return not column.table and isinstance(query, exp.Query) and column.name in query.named_selects


def _origins(
    query: exp.Expr, position: int, scopes: dict[int, Scope], above: frozenset[tuple[int, int]]
) -> Iterator[tuple[TableName, str]]:
    here = (id(query), position)
    if here in above:
        return
    if isinstance(query, exp.Subquery):
        yield from _origins(query.this, position, scopes, above | {here})
    elif isinstance(query, exp.SetOperation):
        for arm in (query.left, query.right):
            yield from _origins(arm, position, scopes, above | {here})
    elif isinstance(query, exp.Select) and position < len(query.expressions):
        for column in query.expressions[position].find_all(exp.Column):
            yield from _origin(column, scopes, above | {here})


def _origin(
    column: exp.Column, scopes: dict[int, Scope], above: frozenset[tuple[int, int]]
) -> Iterator[tuple[TableName, str]]:
    source: object = None
    select = column.find_ancestor(exp.Select)
    while source is None and select is not None:
        scope = scopes.get(id(select))
        source = scope.sources.get(column.table) if scope is not None else None
        select = select.find_ancestor(exp.Select)
    if isinstance(source, exp.Table) and source.args.get("db"):
        yield TableName(schema=source.db, table=source.name), column.name
    elif isinstance(source, Scope):
        inner = source.expression
        if isinstance(inner, exp.Query):
            names = [each.lower() for each in inner.named_selects]
            if column.name.lower() in names:
                yield from _origins(inner, names.index(column.name.lower()), scopes, above)
