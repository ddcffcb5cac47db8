"""Puts a view's definition in the place of its name, so that its tables are scans like any other.

The view itself becomes `(SELECT visible columns, masked FROM (definition) WHERE filters)` behind a fence,
named as the agent named it. Its names stay its own: the agent's statement is resolved before, the definition
apart from it and in the view's schema, and the WITH entries of both have fresh names.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from lucky_mcp.catalog.snapshot import Catalog, Table
from lucky_mcp.enforcement.guard_scans import HANGING, set_fence
from lucky_mcp.enforcement.mask_forms import mask_expression
from lucky_mcp.enforcement.predicates import predicate_expression, qualified
from lucky_mcp.errors import Code, ConstructRefused, StatementRefused
from lucky_mcp.model.decision import Permit, TableDecision, VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Source
from lucky_mcp.sql.resolve import SCANS_MAX
from lucky_mcp.sql.resolved import ResolvedQuery, Scan
from lucky_mcp.sql.views import resolved_definition

VIEW_ALIAS = "lucky_view"


def inline_views(query: ResolvedQuery, permit: Permit, catalog: Catalog, source: Source) -> ResolvedQuery:
    """Return the query with its views written out, in place; unchanged when it reads none.

    KeyError when the decision misses a view, ReadError when a definition is not acceptable after all.
    """
    inliner = _Inliner(query, permit, catalog, source)
    return inliner.inlined()


class _Inliner:
    def __init__(self, query: ResolvedQuery, permit: Permit, catalog: Catalog, source: Source) -> None:
        self.query = query
        self.permit = permit
        self.catalog = catalog
        self.source = source
        self.scans: list[Scan] = []
        self.names: set[str] = set(query.column_names)
        self.whole_rows = query.reads_whole_rows
        self.written_out = 0

    def inlined(self) -> ResolvedQuery:
        for scan in self.query.scans:
            view = self._view(scan)
            if view is None:
                self.scans.append(scan)
            else:
                self._replace(scan, self._guarded(view))
        if not self.written_out:
            return self.query
        if len(self.scans) > SCANS_MAX:
            raise StatementRefused(
                "the statement reads too many tables once its views are written out",
                code=Code.TOO_LARGE,
                next_step="read fewer views at once",
            )
        return replace(
            self.query,
            scans=tuple(self.scans),
            column_names=frozenset(self.names),
            reads_whole_rows=self.whole_rows,
        )

    def _view(self, scan: Scan) -> Table | None:
        table = self.catalog.tables.get(scan.table)
        return table if table is not None and table.is_view else None

    def _guarded(self, view: Table) -> exp.Select:
        decided = self.permit.for_table(view.name)
        select = exp.Select().select(
            *(_projection(column, self.source.dialect) for column in decided.columns)
        )
        body = exp.Subquery(
            this=self._body(view, ()), alias=exp.TableAlias(this=exp.to_identifier(VIEW_ALIAS))
        )
        select.set("from_", exp.From(this=body))
        for row_filter in decided.filters:
            select.where(predicate_expression(row_filter.predicate, VIEW_ALIAS), copy=False)
        set_fence(select, self.source.kind)
        return select

    def _body(self, view: Table, above: tuple[TableName, ...]) -> exp.Expr:
        """The definition, its own WITH entries under names of the statement's, and views in it written out."""
        if view.name in above:
            raise ConstructRefused("a view reads itself", audit_detail=str(view.name))
        self.written_out += 1
        if self.written_out > SCANS_MAX:
            raise StatementRefused("too many views are read", code=Code.TOO_LARGE)
        query = resolved_definition(view, self.catalog, self.source.dialect)
        prefix = f"{self.query.cte_prefix}v{self.written_out}_"
        for identifier in query.tree.find_all(exp.Identifier):
            if identifier.name.startswith(query.cte_prefix):
                identifier.set("this", prefix + identifier.name.removeprefix(query.cte_prefix))
        self.names |= query.column_names
        self.whole_rows = self.whole_rows or query.reads_whole_rows
        for scan in query.scans:
            inner = self._view(scan)
            if inner is None:
                self.scans.append(scan)
            else:
                self._replace(scan, self._body(inner, (*above, view.name)))
        return query.tree

    def _replace(self, scan: Scan, body: exp.Expr) -> None:
        derived = exp.Subquery(this=body, alias=scan.node.args["alias"].copy())
        for part in HANGING:
            hanging = scan.node.args.get(part)
            if hanging:
                scan.node.set(part, None)
                derived.set(part, hanging)
        scan.node.replace(derived)


def base_permit(permit: Permit, catalog: Catalog) -> Permit:
    """Return the decisions on base tables alone: only those have scans to guard."""
    return replace(permit, tables=tuple(each for each in permit.tables if not _is_view(each, catalog)))


def _is_view(decided: TableDecision, catalog: Catalog) -> bool:
    table = catalog.tables.get(decided.table)
    return table is not None and table.is_view


def _projection(column: VisibleColumn, dialect: Dialect) -> exp.Expr:
    value = qualified(column.name, VIEW_ALIAS)
    shown = value if column.mask is None else mask_expression(column, value, dialect)
    return exp.alias_(shown, exp.to_identifier(column.name, quoted=True))
