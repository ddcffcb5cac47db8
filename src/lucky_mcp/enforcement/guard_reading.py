"""Holds one guard of an engine's text against its decision: what it reads, shows, filters, and its fence.

It trusts nothing that the rewrite says about itself. A view's guard must hold the reviewed definition: with
each guard in it proved and taken for the name that it guards, its text must be that of the definition.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS, move_hanging_joins, set_fence
from lucky_mcp.enforcement.guard_shape import GuardShape, guard_shape
from lucky_mcp.enforcement.guard_texts import alike
from lucky_mcp.enforcement.known_text import not_safe
from lucky_mcp.enforcement.predicates import table_expression
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.enforcement.safe_conjuncts import is_safe
from lucky_mcp.enforcement.view_bodies import table_name, tables_of, visible_definition
from lucky_mcp.errors import GuardFailed
from lucky_mcp.model.decision import TableDecision, ViewBelow
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import ENGINES
from lucky_mcp.sql.scan_conditions import conjuncts

GUARD_PARTS = {"expressions", "from_", "where", "limit", "offset"}
DEFINITIONS_KEPT = 256


def has_fence(select: exp.Select, kind: Kind, *, fenced: bool) -> bool:
    """Whether a guard has its engine's fence, or none at all when it is not `fenced`."""
    limit, offset = _fence(kind, fenced=fenced)
    return select.args.get("limit") == limit and select.args.get("offset") == offset


@cache
def _fence(kind: Kind, *, fenced: bool) -> tuple[exp.Expr | None, exp.Expr | None]:
    expected = exp.Select()
    if fenced:
        set_fence(expected, kind)
    return expected.args.get("limit"), expected.args.get("offset")


def guarded_source(derived: exp.Expr) -> exp.Expr | None:
    """Return what a derived table reads as a guard would, a table or a body; None for any other node."""
    select = derived.this if isinstance(derived, exp.Subquery) else None
    source = select.args.get("from_") if isinstance(select, exp.Select) else None
    found = source.this if isinstance(source, exp.From) else None
    is_body = isinstance(found, exp.Subquery) and found.alias == SCAN_ALIAS
    is_table = isinstance(found, exp.Table) and found.args.get("db") is not None
    return found if is_body or is_table else None


@dataclass(frozen=True, kw_only=True)
class GuardReader:
    """Reads guards of one source's texts.

    `fenced`: each has its engine's fence. `copies`: conditions that cannot fail may stand behind the filters.
    """

    dialect: Dialect
    kind: Kind
    fenced: bool
    copies: bool

    def refuse_other(self, select: exp.Select, decided: TableDecision) -> None:
        """GuardFailed unless the SELECT is the guard that the decision asks for."""
        if any(value and part not in GUARD_PARTS for part, value in select.args.items()):
            raise not_safe(f"the guard of {decided.table} has a part of its own")
        self._refuse_other_source(select, decided)
        expected = guard_shape(decided, self.dialect, self.kind)
        self._refuse_other_columns(select, expected)
        self._refuse_other_filters(select, expected, decided)
        if not has_fence(select, self.kind, fenced=self.fenced):
            raise not_safe(f"the fence of {decided.table} is not as it should be")

    def _refuse_other_source(self, select: exp.Select, decided: TableDecision) -> None:
        source = select.args["from_"].this
        parts = {part for part, value in source.args.items() if value}
        if source.alias != SCAN_ALIAS or source.alias_column_names:
            raise not_safe(f"the scan of {decided.table} is modified")
        if decided.below is not None:
            if not isinstance(source, exp.Subquery) or parts != {"this", "alias"}:
                raise not_safe(f"{decided.table} is not written out")
            self._refuse_other_body(source, decided.below)
        elif not isinstance(source, exp.Table) or parts != {"this", "db", "alias"}:
            raise not_safe(f"the scan of {decided.table} is modified")
        elif not isinstance(source.this, exp.Identifier) or table_name(source) != decided.table:
            raise not_safe(f"the guard of {decided.table} reads something else")

    def _refuse_other_body(self, source: exp.Subquery, below: ViewBelow) -> None:
        """Below a view every guard is fenced, and no condition of the agent's has a place."""
        swapped: list[tuple[exp.Subquery, exp.Table]] = []
        try:
            self._swap_guards(source, below, swapped)
            engine = ENGINES[self.kind]
            if source.this.sql(dialect=engine) != definition_text(below, self.dialect, self.kind):
                raise not_safe("a view is not written out as its definition says")
        finally:  # the tree may be held against another view next
            for derived, table in swapped:
                move_hanging_joins(table, derived)
                table.replace(derived)

    def _swap_guards(
        self, source: exp.Subquery, below: ViewBelow, swapped: list[tuple[exp.Subquery, exp.Table]]
    ) -> None:
        """Put the names of what the view reads in the place of their guards, each proved before."""
        inner = replace(self, fenced=True, copies=False)
        scans = {id(each) for each in source.this.find_all(exp.Table) if each.args.get("db")}
        guards = [each for each in source.this.find_all(exp.Subquery) if guarded_source(each) is not None]
        proved: set[int] = set()
        for derived in guards:  # outermost first: those inside a view's guard are proved with it
            if id(derived) in proved:
                continue
            named = inner.named(derived, below.tables)
            if named is None:
                raise not_safe("a scan below a view is not guarded")
            proved.update(id(each) for each in derived.this.find_all(exp.Subquery, exp.Table))
            table = table_expression(named.table, "")
            table.set("alias", derived.args["alias"].copy())
            move_hanging_joins(derived, table)
            derived.replace(table)
            swapped.append((derived, table))
        # INVARIANT: every scan below a view is in a proved guard; a bare one would read as the definition.
        if not scans <= proved:
            raise not_safe("a scan below a view has no guard")

    def named(self, derived: exp.Subquery, tables: tuple[TableDecision, ...]) -> TableDecision | None:
        """Return whose guard a derived table is; None when it is none of them.

        Of views whose guards are the same, the first.
        """
        source = guarded_source(derived)
        for decided in tables:
            is_view = decided.below is not None
            if is_view is not isinstance(source, exp.Subquery):
                continue
            if isinstance(source, exp.Table) and table_name(source) != decided.table:
                continue
            try:
                self.refuse_other(derived.this, decided)
            except GuardFailed:
                continue
            return decided
        return None

    def _refuse_other_columns(self, select: exp.Select, expected: GuardShape) -> None:
        shown = tuple(
            (each.alias, self._sql(each.this)) for each in select.expressions if isinstance(each, exp.Alias)
        )
        if len(shown) != len(select.expressions) or shown != expected.columns:
            raise not_safe("the columns of a guard are not those of the decision")

    def _refuse_other_filters(self, select: exp.Select, expected: GuardShape, decided: TableDecision) -> None:
        """Every filter must be there; where `copies` may be, also what cannot fail, and nothing else."""
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
        if any(not self.copies or not is_safe(each, decided, SCAN_ALIAS) for each in others):
            raise not_safe("a condition in a guard that is neither a filter nor sure to succeed")

    def _sql(self, node: exp.Expr) -> str:
        return node.sql(dialect=ENGINES[self.kind])


@lru_cache(maxsize=DEFINITIONS_KEPT)
def definition_text(below: ViewBelow, dialect: Dialect, kind: Kind) -> str:
    """Return what a view's body reads, in the engine's canonical text, with names where the guards are."""
    tree = visible_definition(below, dialect)
    same = alike(below.tables, dialect, kind)
    for node in tables_of(tree):
        name = same.get(table_name(node), table_name(node))
        node.set("this", exp.to_identifier(name.table, quoted=True))
        node.set("db", exp.to_identifier(name.schema, quoted=True))
    engine = ENGINES[kind]
    (parsed,) = engine.parse(render_engine(tree, dialect, kind), error_level=ErrorLevel.RAISE)
    if parsed is None:
        raise ValueError("the definition is empty")
    return parsed.sql(dialect=engine)
