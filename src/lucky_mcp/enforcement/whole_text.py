"""Reads a whole guarded text and refuses it unless every scan stands under its guard.

It trusts nothing that the rewrite says about itself: each base table must stand in a derived table that
shows what the decision allows and no more, and what is not a guarded table must be one of our fresh names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlglot import exp

from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS, set_fence
from lucky_mcp.enforcement.guard_shape import GuardShape, guard_shape
from lucky_mcp.enforcement.known_text import not_safe, read_known
from lucky_mcp.enforcement.predicates import conjuncts
from lucky_mcp.enforcement.safe_conjuncts import is_safe
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import ENGINE_DIALECTS

GUARD_PARTS = {"expressions", "from_", "where", "limit", "offset"}


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
    """Return how often each base table is read, each time under the guard of its decision.

    Raises GuardFailed for anything else in the text. An empty `cte_prefix` allows no name without a schema.
    """
    reading = _Reading(
        read_known(text, dialect, kind), decided, dialect, kind, cte_prefix=cte_prefix, fenced=fenced
    )
    found = reading.tables()
    refuse_unbounded(root_limit(reading.tree), rows_max)
    return found


def root_limit(tree: exp.Expr) -> int | None:
    """Return the number of the root's LIMIT; None when there is none or it is not plain."""
    limit = tree.args.get("limit")
    plain = isinstance(limit, exp.Limit) and set(filter(limit.args.get, limit.args)) == {"expression"}
    value = limit.args.get("expression") if limit is not None and plain else None
    return int(value.name) if isinstance(value, exp.Literal) and value.is_int else None


def refuse_unbounded(limit: int | None, rows_max: int) -> None:
    """GuardFailed unless the root reads no more than one row above `rows_max`."""
    if limit is None or limit > rows_max + 1:
        raise not_safe("the row bound is missing")


def has_fence(select: exp.Select, kind: Kind, *, fenced: bool) -> bool:
    """Whether a guard has its engine's fence, or none at all when it is not `fenced`."""
    expected = exp.Select()
    if fenced:
        set_fence(expected, kind)
    return all(select.args.get(part) == expected.args.get(part) for part in ("limit", "offset"))


class _Reading:
    def __init__(
        self,
        tree: exp.Expr,
        decided: Iterable[TableDecision],
        dialect: Dialect,
        kind: Kind,
        *,
        cte_prefix: str,
        fenced: bool,
    ) -> None:
        self.tree = tree
        self.decided = {each.table: each for each in decided}
        self.dialect = dialect
        self.kind = kind
        self.cte_prefix = cte_prefix
        self.fenced = fenced
        self.verified: set[int] = set()
        self.found: Counter[TableName] = Counter()

    def tables(self) -> Counter[TableName]:
        for table in self.tree.find_all(exp.Table):
            if id(table) not in self.verified:
                self._table(table)
        return self.found

    def _table(self, table: exp.Table) -> None:
        if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
            raise not_safe("a scan of something that is not a table")
        schema = table.args.get("db")
        if schema is None:
            if not self.cte_prefix or not table.name.startswith(self.cte_prefix):
                raise not_safe("an unqualified name that is not ours")
            return
        self._guard(table, TableName(schema=schema.name, table=table.name))

    def _guard(self, table: exp.Table, name: TableName) -> None:
        select = table.parent.parent if isinstance(table.parent, exp.From) else None
        if not isinstance(select, exp.Select) or not isinstance(select.parent, exp.Subquery):
            raise not_safe(f"{name} is read outside a guard")
        decided = self.decided.get(name)
        if decided is None:
            raise not_safe(f"{name} is not part of the decision")
        if any(value and part not in GUARD_PARTS for part, value in select.args.items()):
            raise not_safe(f"the guard of {name} has a part of its own")
        parts = set(filter(table.args.get, table.args))
        if table.alias != SCAN_ALIAS or table.alias_column_names or parts != {"this", "db", "alias"}:
            raise not_safe(f"the scan of {name} is modified")
        expected = guard_shape(decided, self.dialect, self.kind)
        self._projections(select, expected)
        self._filters(select, expected, decided)
        self._fence(select, name)
        self.verified.update(id(inner) for inner in select.find_all(exp.Table))
        self.found[name] += 1

    def _projections(self, select: exp.Select, expected: GuardShape) -> None:
        shown = tuple(
            (each.alias, self._sql(each.this)) for each in select.expressions if isinstance(each, exp.Alias)
        )
        if len(shown) != len(select.expressions) or shown != expected.columns:
            raise not_safe("the columns of a guard are not those of the decision")

    def _filters(self, select: exp.Select, expected: GuardShape, decided: TableDecision) -> None:
        """Every filter must be there; behind a fence also what cannot fail, and nothing else."""
        where = select.args.get("where")
        found = [each.unnest() for each in conjuncts(where.this)] if where else []
        wanted = Counter(expected.conjuncts)
        others = []
        for each in found:
            text = self._sql(each)
            if wanted[text]:
                wanted[text] -= 1
            else:
                others.append(each)
        if wanted.total():
            raise not_safe("the filters of a guard are not those of the decision")
        if any(not self.fenced or not is_safe(each, decided, SCAN_ALIAS) for each in others):
            raise not_safe("a condition in a guard that is neither a filter nor sure to succeed")

    def _fence(self, select: exp.Select, name: TableName) -> None:
        if not has_fence(select, self.kind, fenced=self.fenced):
            raise not_safe(f"the fence of {name} is not as it should be")

    def _sql(self, node: exp.Expr) -> str:
        return node.sql(dialect=ENGINE_DIALECTS[self.kind])
