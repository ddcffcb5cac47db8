"""A failing query made small on its syntax tree: parts are left out one by one until each that is left is needed.

What makes an order total is left alone where a LIMIT, a window or DISTINCT ON depends on it: without it the
engine may answer the same query twice in two ways, and a comparison of answers would say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.errors import ReadError
from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.joins import settle_bare_joins
from lucky_mcp.sql.lexical import read_tokens
from tests.support.generator_queries import Query

Edit = Callable[[exp.Expr], None]
# A clause, a list of parts, or an expression that can simply be missing.
CLAUSES = ("where", "having", "qualify", "limit", "offset", "group", "order", "with_", "distinct", "windows")
LISTS = (
    "joins",
    "laterals",
    "expressions",
    "windows",
    "partition_by",
    "ifs",
    "cube",
    "rollup",
    "grouping_sets",
)
OPTIONAL = ("alias", "default", "spec", "on", "columns", "table", "db", "escape")
VALUES = (exp.Condition, exp.Subquery, exp.Window, exp.Filter, exp.WithinGroup, exp.Tuple)


def tokens_of(sql: str, dialect: str) -> int:
    """Return the length of a query in tokens."""
    return len(sqlglot.tokenize(sql, read=dialect))


def reduced(query: Query, dialect: str, is_wrong: Callable[[Query], bool]) -> Query:
    """Return a query that is wrong too and is so no more when any single part is left out.

    The query itself, if what the parser makes of its text is right.
    """
    try:
        tree = _parsed(query.sql, dialect)
    except (SqlglotError, ReadError, ValueError):
        return query
    order = _order_of(tree)
    best = _written(tree, query, order, dialect)
    if not is_wrong(best):
        return query
    again = True
    while again:
        again = False
        for number in range(_count(tree)):
            for smaller in _variants(tree, number):
                attempt = _attempt(smaller, query, order, dialect, best)
                if attempt is not None and is_wrong(attempt):
                    tree, best, again = smaller, attempt, True
                    break
    return best


def neighbours_of(query: Query, dialect: str) -> Iterator[Query]:
    """Yield what a query becomes by leaving out one part, in every way."""
    tree = _parsed(query.sql, dialect)
    order = _order_of(tree)
    for number in range(_count(tree)):
        for smaller in _variants(tree, number):
            attempt = _attempt(smaller, query, order, dialect, query)
            if attempt is not None:
                yield attempt


def _parsed(sql: str, dialect: str) -> exp.Expr:
    grammar = GRAMMARS[Dialect(dialect)]
    settled = settle_bare_joins(sql, read_tokens(sql, grammar), grammar)
    return sqlglot.parse_one(settled, read=dialect, error_level=ErrorLevel.RAISE)


def _order_of(tree: exp.Expr) -> str:
    order = tree.args.get("order")
    return order.sql() if order is not None else ""


def _written(tree: exp.Expr, query: Query, order: str, dialect: str) -> Query:
    return replace(
        query, sql=tree.sql(dialect), is_ordered=query.is_ordered and order != "" and _order_of(tree) == order
    )


def _attempt(tree: exp.Expr, query: Query, order: str, dialect: str, best: Query) -> Query | None:
    """Return the tree as a query, if it is shorter than the best one and there is such a text."""
    try:
        made = _written(tree, query, order, dialect)
        if tokens_of(made.sql, dialect) >= tokens_of(best.sql, dialect):
            return None
        _parsed(made.sql, dialect)
        return made
    except (SqlglotError, ReadError, ValueError, TypeError, AttributeError):  # no text for such a tree
        return None


def _count(tree: exp.Expr) -> int:
    return sum(1 for _ in tree.walk())


def _variants(tree: exp.Expr, number: int) -> Iterator[exp.Expr]:
    """Yield copies of the tree without one part of the node of that number."""
    node = _node(tree, number)
    if node is None or _holds_order(node):
        return
    if number == 0:
        yield from (inner.copy() for inner in tree.find_all(exp.Query) if inner is not tree)
    for edit in _edits(node):
        copy = tree.copy()
        place = _node(copy, number)
        if place is None:
            continue
        top = exp.Paren(this=copy)  # so that the root can be replaced like any node
        edit(place)
        yield top.this


def _node(tree: exp.Expr, number: int) -> exp.Expr | None:
    return next((node for place, node in enumerate(tree.walk()) if place == number), None)


def _holds_order(node: exp.Expr) -> bool:
    """Whether the node is part of what a LIMIT, a window, an aggregate or DISTINCT ON is ordered by."""
    current: exp.Expr | None = node
    while current is not None and not isinstance(current, exp.Query):
        parent = current.parent
        if isinstance(current, exp.Order | exp.Distinct):
            return _needs_order(parent)
        current = parent
    return False


def _needs_order(parent: exp.Expr | None) -> bool:
    if not isinstance(parent, exp.Query):
        return True
    distinct = parent.args.get("distinct")
    has_on = isinstance(distinct, exp.Distinct) and distinct.args.get("on") is not None
    return parent.args.get("limit") is not None or has_on


def _edits(node: exp.Expr) -> Iterator[Edit]:
    for key in CLAUSES:
        if node.args.get(key) and not _is_needed(node, key):
            yield lambda place, key=key: place.set(key, None)  # type: ignore[misc]
    if isinstance(node, exp.SetOperation):
        yield lambda place: _put(place, place.this)
        yield lambda place: _put(place, place.expression)
    for key in LISTS:
        yield from _shorter_lists(node, key)
    for key in OPTIONAL:
        if node.args.get(key) and not isinstance(node, exp.Subquery | exp.Query | exp.Distinct):
            yield lambda place, key=key: place.set(key, None)  # type: ignore[misc]
    yield from _unwrapped(node)


def _is_needed(node: exp.Expr, key: str) -> bool:
    return key in {"order", "distinct"} and (not isinstance(node, exp.Query) or _needs_order(node))


def _shorter_lists(node: exp.Expr, key: str) -> Iterator[Edit]:
    found = node.args.get(key)
    if not isinstance(found, list) or (isinstance(node, exp.Distinct | exp.Order) and _holds_order(node)):
        return
    is_whole = key == "expressions" and not isinstance(node, exp.With | exp.Group | exp.Order | exp.Func)
    if is_whole and len(found) == 1:
        return
    for index in range(len(found)):
        yield lambda place, index=index: _drop(place, key, index)  # type: ignore[misc]


def _drop(place: exp.Expr, key: str, index: int) -> None:
    """Leave one part of a list out; WITH and GROUP BY go with their last one."""
    place.set(key, [each for number, each in enumerate(place.args[key]) if number != index])
    if isinstance(place, exp.With | exp.Group | exp.Order) and not any(place.args.values()):
        place.pop()


def _unwrapped(node: exp.Expr) -> Iterator[Edit]:
    """Put a part in the place of the whole, a row's worth of nothing, or only the first table of a join."""
    is_bare = isinstance(node, exp.Subquery) and not node.args.get("alias")
    if isinstance(node, exp.Alias) or (is_bare and isinstance(node.parent, exp.SetOperation | exp.Subquery)):
        yield lambda place: _put(place, place.this)
    if not isinstance(node, VALUES) or isinstance(node, exp.Literal | exp.Null | exp.Boolean):
        return
    children = [child for child in node.iter_expressions() if isinstance(child, VALUES)]
    for index in range(len(children)):

        def put(place: exp.Expr, index: int = index) -> None:
            found = [child for child in place.iter_expressions() if isinstance(child, VALUES)]
            _put(place, found[index])

        yield put
    if not isinstance(node, exp.Subquery) or not node.args.get("alias"):
        yield lambda place: _put(place, exp.null())
        yield lambda place: _put(place, exp.true())
        yield lambda place: _put(place, exp.Literal.number(1))


def _put(place: exp.Expr, other: exp.Expr) -> None:
    place.replace(other.copy())
