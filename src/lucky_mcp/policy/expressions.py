"""Row filters: SQL of a small common subset -> the closed algebra of `model/predicate.py`.

Anything that is not comparison, membership, IS NOT NULL, AND or OR of the table's own columns and
literals is a load error, so a filter can never hold a subquery, a function or a foreign name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlglot import exp, parse_one
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.catalog.column_types import is_flag
from lucky_mcp.catalog.snapshot import Table, TypeFamily
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.predicate import Compare, Either, Every, Known, Member, Operator, Predicate, Scalar

OPERATORS: dict[type[exp.Expr], Operator] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


@dataclass(frozen=True, kw_only=True)
class Unbound:
    """`column IN :ref.name` or `column IN :principal.name`, whose values are known only when deciding."""

    column: str
    kind: str
    name: str
    numeric: bool

    @property
    def origin(self) -> str:
        """The name as reviewers write it."""
        return f":{self.kind}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A compiled filter: fixed parts, and parts whose values are bound when deciding (all ANDed)."""

    fixed: tuple[Predicate, ...]
    unbound: tuple[Unbound, ...]
    text: str


def compile_filter(text: str, table: Table, *, column: str | None = None) -> Filter:
    """Return the filter for one table; `column` is what `:column` stands for.

    Raises ConfigurationError for anything outside the subset, an unknown column or a literal whose
    type does not go with its column.
    """
    try:
        tree = parse_one(text, read="postgres", error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError):
        raise ConfigurationError(f"the row filter {text!r} is not SQL") from None
    compiler = _Compiler(text, table, column)
    fixed: list[Predicate] = []
    unbound: list[Unbound] = []
    for conjunct in _conjuncts(tree):
        bound_later = compiler.unbound(conjunct)
        if bound_later is not None:
            unbound.append(bound_later)
        else:
            fixed.append(compiler.predicate(conjunct))
    written = text.replace(":column", column) if column else text
    return Filter(fixed=tuple(fixed), unbound=tuple(unbound), text=written)


def _conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    tree = tree.unnest()
    return [*_conjuncts(tree.this), *_conjuncts(tree.expression)] if isinstance(tree, exp.And) else [tree]


class _Compiler:
    def __init__(self, text: str, table: Table, column: str | None) -> None:
        self.text = text
        self.table = table
        self.column = column

    def unbound(self, node: exp.Expr) -> Unbound | None:
        """Return the membership in a named set, or None when the node is something else."""
        named = node.args.get("field") if isinstance(node, exp.In) else None
        if not isinstance(named, exp.Dot) or not isinstance(named.this, exp.Placeholder):
            return None
        kind = named.this.name
        if kind not in {"ref", "principal"}:
            raise self._refuse("only :ref.name and :principal.name can stand behind IN")
        column = self._column(node.this)
        found = self.table.column(column)
        numeric = found is not None and found.family is TypeFamily.NUMBER
        return Unbound(column=column, kind=kind, name=named.expression.name, numeric=numeric)

    def predicate(self, node: exp.Expr) -> Predicate:
        """Return the node as a predicate whose values are all known."""
        node = node.unnest()
        if isinstance(node, exp.And | exp.Or):
            parts = (self.predicate(node.this), self.predicate(node.expression))
            return Every(parts=parts) if isinstance(node, exp.And) else Either(parts=parts)
        if type(node) in OPERATORS:
            column = self._column(node.this)
            return Compare(
                column=column, operator=OPERATORS[type(node)], value=self._value(node.expression, column)
            )
        if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
            column = self._column(node.this)
            return Member(column=column, values=tuple(self._value(each, column) for each in node.expressions))
        if isinstance(node, exp.Is) and node.args.get("negate") and isinstance(node.expression, exp.Null):
            return Known(column=self._column(node.this))
        raise self._refuse("only comparisons, IN, IS NOT NULL, AND and OR are accepted")

    def _column(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Placeholder) and node.name == "column" and self.column:
            return self.column
        if not isinstance(node, exp.Column) or node.args.get("table"):
            raise self._refuse("the left side must be a column of the table itself")
        if self.table.column(node.name) is None:
            raise self._refuse(f"{self.table.name} has no column {node.name!r}")
        return node.name

    def _value(self, node: exp.Expr, column: str) -> Scalar:
        found = self.table.column(column)
        family = found.family if found else TypeFamily.OTHER
        value = _literal(node)
        is_meant = isinstance(value, bool) and found is not None and is_flag(found.type)
        if value is None or not (is_meant or _goes_with(value, family)):
            raise self._refuse(f"{node.sql()} does not go with the type of {column}")
        if family is TypeFamily.TIME:
            try:
                return date.fromisoformat(str(value))
            except ValueError:
                raise self._refuse(f"{value!r} is not a date (YYYY-MM-DD)") from None
        return value

    def _refuse(self, why: str) -> ConfigurationError:
        return ConfigurationError(f"the row filter {self.text!r} is refused: {why}")


def _literal(node: exp.Expr) -> Scalar | None:
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        inner = _literal(node.this)
        return -inner if isinstance(inner, int | Decimal) and not isinstance(inner, bool) else None
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return node.name
    return int(node.name) if node.is_int else Decimal(node.name)


def _goes_with(value: Scalar, family: TypeFamily) -> bool:
    if isinstance(value, bool):
        return family is TypeFamily.BOOLEAN
    if isinstance(value, int | Decimal):
        return family is TypeFamily.NUMBER
    return family in {TypeFamily.TEXT, TypeFamily.TIME}
