"""Reads a whole guarded text and refuses it unless every scan stands under its guard.

It trusts nothing that the rewrite says about itself: each base table must stand in a derived table that
shows what the decision allows and no more, and what is not a guarded table must be one of our fresh names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from sqlglot import exp

from lucky_mcp.enforcement.bound import LIMIT_MISLEADS
from lucky_mcp.enforcement.few_groups import groups_at_most
from lucky_mcp.enforcement.guard_reading import GuardReader, guarded_source
from lucky_mcp.enforcement.known_text import not_safe, read_known
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.places import forget_places


def guarded_tables(
    text: str,
    decided: Iterable[TableDecision],
    dialect: Dialect,
    kind: Kind,
    *,
    cte_prefix: str,
    rows_max: int,
    fenced: bool,
) -> Counter[TableName]:
    """Return how often each table or view is read, each time under the guard of its decision.

    Of views with the same guard the first is counted. Raises GuardFailed for anything else in the text; an
    empty `cte_prefix` allows no name without a schema.
    """
    reader = GuardReader(dialect=dialect, kind=kind, fenced=fenced, copies=fenced)
    token_parts: list[exp.Expr] = []
    nodes = read_known(text, dialect, kind, token_parts)
    forget_places(nodes)  # parts of it are copied to be rendered
    reading = _Reading(nodes, decided, reader)
    found = reading.tables(cte_prefix)
    reading.refuse_outside_columns(token_parts)
    guards = {id(select) for select in reading.proved}
    if not is_bounded(nodes.tree, reading.decided, kind, rows_max, lambda item: id(item.this) in guards):
        raise not_safe("the row bound is missing")
    return found


def root_limit(tree: exp.Expr) -> int | None:
    """Return the number of the root's LIMIT; None when there is none or it is not plain."""
    limit = tree.args.get("limit")
    plain = isinstance(limit, exp.Limit) and set(filter(limit.args.get, limit.args)) == {"expression"}
    value = limit.args.get("expression") if limit is not None and plain else None
    return int(value.name) if isinstance(value, exp.Literal) and value.is_int else None


def is_bounded(
    tree: exp.Expr,
    decided: Iterable[TableDecision],
    kind: Kind,
    rows_max: int,
    is_guard: Callable[[exp.Expr], bool],
) -> bool:
    """Whether the root gives no more than one row above `rows_max`: by its LIMIT, or by its guards' lists."""
    if tree.args.get("limit") is not None or kind not in LIMIT_MISLEADS:
        limit = root_limit(tree)
        return limit is not None and limit <= rows_max + 1
    most = groups_at_most(tree, decided, is_guard)
    return most is not None and most <= rows_max


class _Reading:
    def __init__(self, nodes: Nodes, decided: Iterable[TableDecision], reader: GuardReader) -> None:
        self.nodes = nodes
        self.decided = tuple(decided)
        self.reader = reader
        self.verified: set[int] = set()
        self.found: Counter[TableName] = Counter()
        self.proved: list[exp.Select] = []

    def tables(self, cte_prefix: str) -> Counter[TableName]:
        for derived in self.nodes.of(exp.Subquery):
            if id(derived) not in self.verified and isinstance(guarded_source(derived), exp.Subquery):
                self._view(derived)
        for table in self.nodes.of(exp.Table):
            if id(table) not in self.verified:
                self._table(table, cte_prefix)
        return self.found

    def _view(self, derived: exp.Subquery) -> None:
        """What only looks like a view's guard is an agent's own, in which every table needs one."""
        named = self.reader.named(derived, self.decided)
        if named is not None:
            self._proved(derived.this, named)

    def _table(self, table: exp.Table, cte_prefix: str) -> None:
        if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
            raise not_safe("a scan of something that is not a table")
        if table.args.get("db") is None:
            if not cte_prefix or not table.name.startswith(cte_prefix):
                raise not_safe("an unqualified name that is not ours")
            return
        name = TableName(schema=table.db, table=table.name)
        select = table.parent.parent if isinstance(table.parent, exp.From) else None
        if not isinstance(select, exp.Select) or not isinstance(select.parent, exp.Subquery):
            raise not_safe(f"{name} is read outside a guard")
        decided = next((each for each in self.decided if each.table == name), None)
        if decided is None:
            raise not_safe(f"{name} is not part of the decision")
        self.reader.refuse_other(select, decided)
        self._proved(select, decided)

    def _proved(self, select: exp.Select, decided: TableDecision) -> None:
        """Joins that hang on the derived table are no part of its guard."""
        self.verified.update(id(inner) for inner in select.find_all(exp.Table, exp.Subquery))
        self.found[decided.table] += 1
        self.proved.append(select)

    def refuse_outside_columns(self, token_parts: list[exp.Expr]) -> None:
        """GuardFailed for a part of a token that is no part of what a proved guard shows.

        Below a view's guard are those of what it reads, which are proved with it.
        """
        if not token_parts:
            return
        shown: list[exp.Expr] = []
        for guard in self.proved:
            shown += guard.expressions
            for derived in guard.args["from_"].find_all(exp.Subquery):
                shown += derived.this.expressions if guarded_source(derived) is not None else ()
        known = {id(node) for each in shown for node in each.walk()}
        if any(id(part) not in known for part in token_parts):
            raise not_safe("a part of a token outside a guard's columns")
