"""Whether a statement can fail on no row whatever, so that a server may run it without fences.

A fence keeps an agent's expressions from rows that the filters drop, because an error there would tell of
them. Where no expression can fail there is nothing to tell: in whatever order a planner takes filters, joins
and conditions, the rows are the same. This is proved by construction. Every part of a statement is read by
the small grammar below, of comparisons within one family of types, choices between such values, and
aggregates that cannot overflow; anything else, and any name whose type is in doubt, has no proof and keeps
its fences.

Types are those of the decisions: a name means a column of that name in any table read, or an alias, and all
of these must be of one family. Masked columns, and columns of other types, may be shown by the outermost
SELECT, as they are, and not be mentioned anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from lucky_mcp.enforcement.families import Family, alike, family_of
from lucky_mcp.enforcement.safe_conjuncts import is_moment
from lucky_mcp.enforcement.sure_values import SureValues, has_more
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.sql.nodes import Nodes

# What fails, and what is NULL instead, was looked at on these; not on Redshift, and not on Doris.
KNOWN = {Kind.MYSQL: Dialect.MYSQL, Kind.POSTGRES: Dialect.POSTGRES}
VALUES_MAX = 1000
COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ)
NAMED = (exp.Column, exp.Alias, exp.Star)
PATTERN = re.compile(r"[^\\]*")
SELECT_PARTS = {
    *("with_", "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset"),
    "distinct",
}


def cannot_fail(nodes: Nodes, tables: Iterable[TableDecision], source: Source) -> bool:
    """Whether no row of the tables can make the statement fail on the source's server.

    `nodes` are those of a statement in the server's dialect whose scans are of `tables`, before they are
    guarded or with names in the place of the guards. Views have no proof.
    """
    read = tuple(tables)
    if KNOWN.get(source.kind) is not source.dialect or any(each.below is not None for each in read):
        return False
    if not all(any(map(family_of, each.columns)) for each in read):
        return False
    return _Proof(nodes, read, source.kind).of_root(nodes.tree)


class _Proof:
    def __init__(self, nodes: Nodes, tables: tuple[TableDecision, ...], kind: Kind) -> None:
        self._values = SureValues(nodes, tables, kind, self._condition)
        self._has_aggregates = bool(nodes.of(exp.AggFunc))

    def of_root(self, query: exp.Expr) -> bool:
        """Whether the statement cannot fail; see `_shows_rows` for what its columns may be then."""
        return self.of_query(query, is_root=_shows_rows(query) and not self._has_aggregates)

    def of_query(self, query: exp.Expr, *, is_read: bool = False, is_root: bool = False) -> bool:
        """Whether a SELECT cannot fail; one that `is_read` in FROM must say the name of every column."""
        if not isinstance(query, exp.Select) or has_more(query, SELECT_PARTS):
            return False
        if is_read and not all(isinstance(each, NAMED) for each in query.expressions):
            return False
        return (
            self._with(query.args.get("with_"))
            and self._from(query)
            and all(self._projection(each, is_root) for each in query.expressions)
            and self._part(query, "where")
            and self._part(query, "having")
            and self._group(query.args.get("group"))
            and self._order(query.args.get("order"))
            and _is_plain_distinct(query.args.get("distinct"))
            and all(_is_plain_bound(query.args.get(each)) for each in ("limit", "offset"))
        )

    def _with(self, entries: exp.Expr | None) -> bool:
        if entries is None:
            return True
        if has_more(entries, {"expressions"}):
            return False
        return all(
            not has_more(each, {"this", "alias"})
            and _is_plain_alias(each)
            and self.of_query(each.this, is_read=True)
            for each in entries.expressions
        )

    def _from(self, query: exp.Select) -> bool:
        start = query.args.get("from_")
        items = [start] if start is not None else []
        if any(has_more(each, {"this"}) or not self._item(each.this) for each in items):
            return False
        return all(map(self._join, query.args.get("joins") or []))

    def _item(self, item: exp.Expr) -> bool:
        if not _is_plain_alias(item):
            return False
        if isinstance(item, exp.Table):
            return isinstance(item.this, exp.Identifier) and not has_more(item, {"this", "db", "alias"})
        is_derived = isinstance(item, exp.Subquery) and not has_more(item, {"this", "alias"})
        return is_derived and self.of_query(item.this, is_read=True)

    def _join(self, join: exp.Join) -> bool:
        if has_more(join, {"this", "side", "kind", "on", "using"}) or not self._item(join.this):
            return False
        if join.args.get("kind", "") not in {"", "INNER", "CROSS", "OUTER"}:
            return False
        on = join.args.get("on")
        merged = [self._values.named(each.name.lower()) for each in join.args.get("using") or []]
        return None not in merged and (on is None or self._condition(on))

    def _projection(self, projection: exp.Expr, is_root: bool) -> bool:
        value = projection.this if isinstance(projection, exp.Alias) else projection
        if isinstance(value, exp.Star) or (
            isinstance(value, exp.Column) and isinstance(value.this, exp.Star)
        ):
            return (is_root or self._values.all_columns_are_known) and not any(
                filter(None, (value.args.get("except_"), value.args.get("replace")))
            )
        return self._values.of(value) is not None or (is_root and self._values.is_column(value))

    def _part(self, query: exp.Select, name: str) -> bool:
        part = query.args.get(name)
        return part is None or self._condition(part.this)

    def _group(self, group: exp.Expr | None) -> bool:
        if group is None:
            return True
        return not has_more(group, {"expressions"}) and None not in map(self._values.of, group.expressions)

    def _order(self, order: exp.Expr | None) -> bool:
        if order is None:
            return True
        return not has_more(order, {"expressions"}) and all(
            isinstance(each, exp.Ordered)
            and not has_more(each, {"this", "desc", "nulls_first"})
            and self._values.of(each.this) is not None
            for each in order.expressions
        )

    def _condition(self, node: exp.Expr) -> bool:
        """Whether it is true, false or unknown on every row."""
        if isinstance(node, exp.Paren | exp.Not):
            return self._condition(node.this)
        if isinstance(node, exp.And | exp.Or):
            return self._condition(node.this) and self._condition(node.expression)
        if isinstance(node, exp.Exists):
            return not has_more(node, {"this"}) and self.of_query(node.this)
        if isinstance(node, COMPARISONS):
            return self._are_comparable([node.this, node.expression])
        if isinstance(node, exp.Between):
            parts = {"this", "low", "high"}
            return not has_more(node, parts) and self._are_comparable(
                [node.args[each] for each in sorted(parts)]
            )
        if isinstance(node, exp.In):
            return self._membership(node)
        if isinstance(node, exp.Is):
            return isinstance(node.expression, exp.Null) and self._values.of(node.this) is not None
        if isinstance(node, exp.Like):
            pattern = node.expression
            is_plain = (
                isinstance(pattern, exp.Literal) and pattern.is_string and PATTERN.fullmatch(pattern.name)
            )
            return (
                bool(is_plain)
                and not has_more(node, {"this", "expression"})
                and self._values.of(node.this) is Family.TEXT
            )
        return self._values.of(node) is Family.TRUTH

    def _membership(self, node: exp.In) -> bool:
        if not has_more(node, {"this", "expressions"}):
            return len(node.expressions) <= VALUES_MAX and self._are_comparable(
                [node.this, *node.expressions]
            )
        query = node.args.get("query")
        if (
            has_more(node, {"this", "query"})
            or not isinstance(query, exp.Subquery)
            or has_more(query, {"this"})
        ):
            return False
        inner = query.this
        if not self.of_query(inner) or len(inner.expressions) != 1:
            return False
        (projection,) = inner.expressions
        value = projection.this if isinstance(projection, exp.Alias) else projection
        return not isinstance(value, exp.Star) and self._are_comparable([node.this, value])

    def _are_comparable(self, values: list[exp.Expr]) -> bool:
        """Whether all are of one family; a text that is written out may stand for a time of the calendar."""
        literals = [each for each in values if isinstance(each, exp.Literal) and each.is_string]
        others = [self._values.of(each) for each in values if each not in literals]
        found = alike(others)
        if found is Family.TIME:
            return all(map(is_moment, literals))
        return found is not None and (not literals or found in {Family.TEXT, Family.NULL})


def _shows_rows(query: exp.Expr) -> bool:
    """Whether a SELECT shows rows of its FROM, so that its columns are worked out for these rows alone.

    Each server does that last, for rows that WHERE, ON and every filter let through. Not so beside an outer
    join, where one may be worked out below it, and not where rows are put together by what they show.
    """
    if any(query.args.get(part) for part in ("distinct", "group", "having")):
        return False
    return all(not join.args.get("side") for join in query.args.get("joins") or [])


def _is_plain_alias(node: exp.Expr) -> bool:
    alias = node.args.get("alias")
    return alias is None or (isinstance(alias, exp.TableAlias) and not has_more(alias, {"this"}))


def _is_plain_distinct(distinct: exp.Expr | None) -> bool:
    return distinct is None or not has_more(distinct, set())


def _is_plain_bound(bound: exp.Expr | None) -> bool:
    if bound is None:
        return True
    number = bound.args.get("expression")
    return isinstance(number, exp.Literal) and number.is_int and not has_more(bound, {"expression"})
