"""Reads the rendered text again, as a stranger would, and refuses it unless every scan is guarded.

It trusts nothing that the rewrite says about itself: the text is parsed anew in the engine's dialect,
each base table must stand in a derived table that shows what the decision allows and no more, and
what is not a guarded table must be one of our fresh names.
"""

from __future__ import annotations

from collections import Counter

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.enforcement.engine_functions import engine_functions
from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS, set_fence
from lucky_mcp.enforcement.guard_shape import GuardShape, guard_shape
from lucky_mcp.enforcement.plain_text import is_plain
from lucky_mcp.enforcement.predicates import conjuncts
from lucky_mcp.enforcement.safe_conjuncts import is_safe
from lucky_mcp.errors import ConstructRefused, GuardFailed
from lucky_mcp.model.decision import Permit, TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.sql.dialects import ENGINE_DIALECTS
from lucky_mcp.sql.resolved import ResolvedQuery
from lucky_mcp.sql.structure import OPERATORS, PARTS
from lucky_mcp.sql.words import refuse_unknown_words

GUARD_PARTS = {"expressions", "from_", "where", "limit", "offset"}
NEVER = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Set, exp.Parameter, exp.SessionParameter)


def verify(
    text: str, query: ResolvedQuery, permit: Permit, source: Source, *, rows_max: int, fenced: bool
) -> None:
    """Raise GuardFailed unless `text` reads exactly the query's scans, each under its guard."""
    _Verifier(text, query, permit, source, rows_max=rows_max, fenced=fenced).verify()


class _Verifier:
    def __init__(
        self, text: str, query: ResolvedQuery, permit: Permit, source: Source, *, rows_max: int, fenced: bool
    ) -> None:
        self.query = query
        self.permit = permit
        self.source = source
        self.rows_max = rows_max
        self.fenced = fenced
        self.engine = SqlglotDialect.get_or_raise(ENGINE_DIALECTS[source.kind])
        self.functions = engine_functions(source.dialect, source.kind)
        if not is_plain(text):
            raise self._failed("a character outside quotes that lexers may read differently")
        self.tree = self._parse(text)
        self.verified: set[int] = set()
        self.found: Counter[TableName] = Counter()

    def verify(self) -> None:
        for node in self.tree.walk():
            self._known_node(node)
        for table in self.tree.find_all(exp.Table):
            if id(table) not in self.verified:
                self._table(table)
        if self.found != Counter(scan.table for scan in self.query.scans):
            raise self._failed("the scans differ from those of the statement")
        self._root_limit()

    def _parse(self, text: str) -> exp.Expr:
        try:
            statements = self.engine.parse(text, error_level=ErrorLevel.RAISE)
        except (SqlglotError, RecursionError):
            raise self._failed("the text does not parse in the engine's dialect") from None
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            raise self._failed("the text is not one query")
        return statements[0]

    def _known_node(self, node: exp.Expr) -> None:
        if isinstance(node, NEVER):
            raise self._failed(f"{type(node).__name__} in the text")
        if isinstance(node, exp.Identifier) and self.source.kind is Kind.DUCKDB and not node.quoted:
            raise self._failed("a name that is not quoted")
        try:
            refuse_unknown_words(node)
        except ConstructRefused:
            raise self._failed(f"a word of {type(node).__name__} that is not known") from None
        listed = type(node) in PARTS or type(node) in OPERATORS
        if not listed and not self.functions.allows(node):
            raise self._failed(f"{type(node).__name__} {node.name} is not on the list")

    def _table(self, table: exp.Table) -> None:
        if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
            raise self._failed("a scan of something that is not a table")
        schema = table.args.get("db")
        if schema is None:
            if not table.name.startswith(self.query.cte_prefix):
                raise self._failed("an unqualified name that is not ours")
            return
        self._guard(table, TableName(schema=schema.name, table=table.name))

    def _guard(self, table: exp.Table, name: TableName) -> None:
        select = table.parent.parent if isinstance(table.parent, exp.From) else None
        if not isinstance(select, exp.Select) or not isinstance(select.parent, exp.Subquery):
            raise self._failed(f"{name} is read outside a guard")
        try:
            decided = self.permit.for_table(name)
        except KeyError:
            raise self._failed(f"{name} is not part of the decision") from None
        if any(value and part not in GUARD_PARTS for part, value in select.args.items()):
            raise self._failed(f"the guard of {name} has a part of its own")
        parts = set(filter(table.args.get, table.args))
        if table.alias != SCAN_ALIAS or table.alias_column_names or parts != {"this", "db", "alias"}:
            raise self._failed(f"the scan of {name} is modified")
        expected = guard_shape(decided, self.source.dialect, self.source.kind)
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
            raise self._failed("the columns of a guard are not those of the decision")

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
            raise self._failed("the filters of a guard are not those of the decision")
        if any(not self.fenced or not is_safe(each, decided, SCAN_ALIAS) for each in others):
            raise self._failed("a condition in a guard that is neither a filter nor sure to succeed")

    def _fence(self, select: exp.Select, name: TableName) -> None:
        expected = exp.Select()
        if self.fenced:
            set_fence(expected, self.source.kind)
        if any(select.args.get(part) != expected.args.get(part) for part in ("limit", "offset")):
            raise self._failed(f"the fence of {name} is not as it should be")

    def _root_limit(self) -> None:
        limit = self.tree.args.get("limit")
        plain = isinstance(limit, exp.Limit) and set(filter(limit.args.get, limit.args)) == {"expression"}
        value = limit.args.get("expression") if limit is not None and plain else None
        if not isinstance(value, exp.Literal) or not value.is_int or int(value.name) > self.rows_max + 1:
            raise self._failed("the row bound is missing")

    def _sql(self, node: exp.Expr) -> str:
        return node.sql(dialect=self.engine)

    def _failed(self, why: str) -> GuardFailed:
        return GuardFailed(
            "the statement could not be made safe, so it was not run",
            next_step="write it more simply; the refusal has been recorded for the maintainers",
            audit_detail=why,
        )
