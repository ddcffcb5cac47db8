"""Values of a statement that are there on every row, whatever it holds, and the family each is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp

from lucky_mcp.enforcement.families import EXACT, Family, alike, family_of, only
from lucky_mcp.enforcement.safe_conjuncts import is_number
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.source import Kind
from lucky_mcp.sql.nodes import Nodes

ARITHMETIC = (exp.Add, exp.Sub, exp.Mul)
AGGREGATES = (exp.Sum, exp.Avg, exp.Min, exp.Max)
# MySQL's functions of a date or time: NULL where another server would fail.
PARTS_OF_TIME = (exp.Year, exp.Quarter, exp.Month, exp.Day, exp.DayOfWeek, exp.Hour)


def has_more(node: exp.Expr, parts: set[str]) -> bool:
    """Whether a node has a part beside these."""
    return any(part not in parts for part in filter(node.args.get, node.args))


class SureValues:
    """Reads values of one statement; what it has no rule for is None, which proves nothing.

    `condition` says whether a condition is true, false or unknown on every row.
    """

    def __init__(
        self,
        nodes: Nodes,
        tables: Iterable[TableDecision],
        kind: Kind,
        condition: Callable[[exp.Expr], bool],
    ) -> None:
        self._kind = kind
        self._condition = condition
        self._columns: dict[str, set[Family | None]] = {}
        for table in tables:
            for column in table.columns:
                self._columns.setdefault(column.name.lower(), set()).add(family_of(column))
        self.all_columns_are_known = all(None not in found for found in self._columns.values())
        self._aliases: dict[str, list[exp.Expr]] = {}
        for alias in nodes.of(exp.Alias):
            self._aliases.setdefault(alias.alias.lower(), []).append(alias.this)
        self._known: dict[str, Family | None] = {}

    def of(self, node: exp.Expr) -> Family | None:
        """Return the family of a value that is there on every row; None when that is not sure."""
        if isinstance(node, exp.Paren):
            return self.of(node.this)
        if isinstance(node, exp.Column):
            return None if has_more(node, {"this", "table"}) else self.named(node.name.lower())
        if isinstance(node, exp.Literal):
            return Family.TEXT if node.is_string else _number(node)
        if isinstance(node, exp.Neg):
            return _number(node)
        if isinstance(node, exp.Boolean | exp.Null):
            return Family.TRUTH if isinstance(node, exp.Boolean) else Family.NULL
        if isinstance(node, exp.Count):
            return self._count(node)
        if isinstance(node, AGGREGATES):
            return self._aggregate(node)
        if isinstance(node, exp.Case | exp.If | exp.Coalesce):
            return self._choice(node)
        if isinstance(node, ARITHMETIC):
            return self._arithmetic(node)
        return self._of_time(node)

    def named(self, name: str) -> Family | None:
        """Return what every column and alias of a name, in small letters, is."""
        if name not in self._known:
            found = set(self._columns.get(name, ()))
            # Inside an alias its own name means what is further in: a column at last, of this family or none.
            self._known[name] = only(found)
            meant = self._aliases.get(name, ())
            found |= {self.of(each) for each in meant if not _is_column_named(each, name)}
            self._known[name] = only(found)
        return self._known[name]

    def is_column(self, node: exp.Expr) -> bool:
        """Whether it is a column's name that is no alias of anything else, of whatever type and mask."""
        return (
            isinstance(node, exp.Column)
            and not has_more(node, {"this", "table"})
            and isinstance(node.this, exp.Identifier)
            and self._is_stored(node)
        )

    def _count(self, node: exp.Count) -> Family | None:
        counted = node.this
        if has_more(node, {"this", "big_int"}):
            return None
        if isinstance(counted, exp.Star):
            return Family.WHOLE
        if isinstance(counted, exp.Distinct) and has_more(counted, {"expressions"}):
            return None
        values = counted.expressions if isinstance(counted, exp.Distinct) else [counted]
        return Family.WHOLE if values and None not in map(self.of, values) else None

    def _aggregate(self, node: exp.Expr) -> Family | None:
        value = node.this
        if has_more(node, {"this"}):
            return None
        if isinstance(value, exp.Distinct):
            if has_more(value, {"expressions"}) or len(value.expressions) != 1:
                return None
            value = value.expressions[0]
        found = self.of(value)
        if isinstance(node, exp.Min | exp.Max):
            return found
        return Family.FLOAT if found in EXACT else None  # it may be compared, and not be added up again

    def _choice(self, node: exp.Expr) -> Family | None:
        if isinstance(node, exp.Coalesce):
            more = has_more(node, {"this", "expressions", "is_nvl", "is_null"})
            return None if more else alike(map(self.of, [node.this, *node.expressions]))
        branches, default, parts = [node], node.args.get("false"), {"this", "true", "false"}
        if isinstance(node, exp.Case):
            branches, default, parts = node.args.get("ifs") or [], node.args.get("default"), {"this", "true"}
            if has_more(node, {"ifs", "default"}):
                return None
        if any(has_more(each, parts) or not self._condition(each.this) for each in branches):
            return None
        values = [each.args["true"] for each in branches] + ([] if default is None else [default])
        return alike(map(self.of, values))

    def _arithmetic(self, node: exp.Expr) -> Family | None:
        """A decimal column and another, a whole number or a number written out: no more than 40 digits."""
        sides = [node.this, node.expression]
        if has_more(node, {"this", "expression"}) or not all(map(self._is_stored, sides)):
            return None
        families = [self.of(each) for each in sides]
        decimals = [
            isinstance(side, exp.Column) and found is Family.DECIMAL
            for side, found in zip(sides, families, strict=True)
        ]
        return Family.DECIMAL if any(decimals) and EXACT.issuperset(families) else None

    def _is_stored(self, node: exp.Expr) -> bool:
        """Whether it is written out or a column's; an alias may stand for the result of another operation."""
        if not isinstance(node, exp.Column):
            return isinstance(node, exp.Literal)
        name = node.name.lower()
        meant = self._aliases.get(name, ())
        return name in self._columns and all(_is_column_named(each, name) for each in meant)

    def _of_time(self, node: exp.Expr) -> Family | None:
        if isinstance(node, exp.Cast):
            is_day = node.to.this is exp.DType.DATE and not has_more(node, {"this", "to"})
            return Family.TIME if is_day and self._is_time(node.this) else None
        if self._kind is not Kind.MYSQL or has_more(node, {"this"}):
            return None
        if isinstance(node, exp.TsOrDsToDate | exp.Date):
            return Family.TIME if self._is_time(node.this) else None
        return Family.WHOLE if isinstance(node, PARTS_OF_TIME) and self._is_time(node.this) else None

    def _is_time(self, node: exp.Expr) -> bool:
        return self.of(node) is Family.TIME and not isinstance(node.unnest(), exp.Literal)


def _is_column_named(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() == name


def _number(node: exp.Expr) -> Family | None:
    if not is_number(node):
        return None
    return Family.DECIMAL if "." in node.sql() else Family.WHOLE
