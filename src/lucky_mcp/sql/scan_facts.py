"""What the conditions on a scan say of its columns: which constants they equal, and other scans' columns.

A fact holds for every row of the scan that the statement uses. A condition says nothing unless it is surely
about that scan, stands at the top of an AND, and compares with a constant of the column's own type family.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlglot import exp

from lucky_mcp.catalog.column_types import key_family
from lucky_mcp.model.decision import VisibleColumn
from lucky_mcp.model.names import TableName
from lucky_mcp.model.requirement import Equated, Fact, Named, Since, Until
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.from_items import FromItems, Place
from lucky_mcp.sql.resolved import Scan
from lucky_mcp.sql.scan_conditions import FLIPPED, Conditions, conditions_around, conjuncts, operands
from lucky_mcp.sql.time_constants import Moment, day_of_key, moment

WHOLE_NUMBER = re.compile(r"\d{1,18}")
# Some engines compare a number with a text as floating point, which is exact this far.
WHOLE_TEXT = re.compile(r"\d{1,15}")
NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,6})?")
TEXT_CASTS = frozenset({exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.CHAR})
LOWER, UPPER = (exp.GT, exp.GTE), (exp.LT, exp.LTE)


def scan_facts(
    scans: Sequence[Scan],
    grammar: Grammar,
    columns: Mapping[TableName, Sequence[VisibleColumn]],
    now: datetime,
) -> tuple[tuple[Fact, ...], ...]:
    """Return what is known of each scan, in their order; `now` is in the source's zone, naive.

    Call it while the scans still stand in the statement.
    """
    seen = [columns[scan.table] for scan in scans]
    known: dict[int, Conditions] = {}
    for scan in scans:
        conditions_around(scan.node, known)
    found: list[list[Fact]] = [[] for _ in scans]
    for conditions in known.values():
        items = FromItems(conditions.select, scans, seen, grammar, known)
        reader = _Reader(items, grammar, now)
        for condition in conditions.all:
            parent = condition.expression.parent
            join = parent if isinstance(parent, exp.Join) else None
            for index, fact in reader.of_condition(condition.expression, join):
                if conditions.holds(condition, scans[index].node) is not None:
                    found[index].append(fact)
        for index, fact in reader.of_using():
            found[index].append(fact)
    return tuple(map(tuple, found))


def family(column: VisibleColumn) -> str:
    """Return the family in which values of a column compare alike; "" when there is none, or a mask."""
    return "" if column.mask is not None or column.masks_below else key_family(column.type)


Told = tuple[int, Fact]
"""What is said of the scan at a position, if the condition holds for it."""


class _Reader:
    def __init__(self, items: FromItems, grammar: Grammar, now: datetime) -> None:
        self.items = items
        self.grammar = grammar
        self.now = now

    def of_condition(self, condition: exp.Expr, join: exp.Join | None) -> Iterator[Told]:
        for part in conjuncts(condition):
            plain = operands(part)
            if plain is None or not plain[1]:
                continue
            column, values = plain
            flipped = type(part) in FLIPPED and isinstance(part.expression, exp.Column)
            if flipped and isinstance(column, exp.Column):
                yield from self._of_columns(part, join)
            elif flipped:
                yield from self._of_values(part.expression, FLIPPED[type(part)], [column], join)
            else:
                yield from self._of_values(column.unnest(), type(part), values, join)

    def of_using(self) -> Iterator[Told]:
        """USING says that a column of the joined table equals the one it is merged with."""
        for left, right, drops_left in self.items.merged():
            yield from _equated(right, left)
            if drops_left:
                yield from _equated(left, right)

    def _of_columns(self, part: exp.Expr, join: exp.Join | None) -> Iterator[Told]:
        """Of what USING merged only the first has the value in every row: the others may be missing there."""
        if not isinstance(part, exp.EQ):
            return
        sides = [self.items.places(each, join) for each in (part.this, part.expression)]
        for ours, theirs in (sides, sides[::-1]):
            for mine in ours:
                for other in theirs[:1]:
                    yield from _equated(mine, other)

    def _of_values(
        self, column: exp.Expr, kind: type[exp.Expr], values: list[exp.Expr], join: exp.Join | None
    ) -> Iterator[Told]:
        for index, meant in self.items.places(column, join):
            for fact in self._of_column(meant, kind, values):
                yield index, fact

    def _of_column(
        self, column: VisibleColumn, kind: type[exp.Expr], values: list[exp.Expr]
    ) -> Iterator[Fact]:
        known = family(column)
        if kind in (exp.EQ, exp.In):
            names = [_name(value.unnest(), known) for value in values]
            if known in {"whole", "decimal", "text"} and all(names):
                yield Named(column=column.name, values=frozenset(filter(None, names)))
        moments = [self._moment(value, known) for value in values]
        times = [each for each in moments if each is not None]
        if times and len(times) == len(moments):
            yield from _times(column.name, kind, times)

    def _moment(self, value: exp.Expr, kind: str) -> Moment | None:
        if kind == "whole":
            return day_of_key(value.unnest())
        return moment(value, self.grammar, self.now) if kind in {"date", "time"} else None


def _equated(mine: Place, other: Place) -> list[Told]:
    """Between different families equality need not carry over: '5abc' equals 5 on some engines."""
    same = family(mine[1]) == family(other[1]) != ""
    fact = Equated(column=mine[1].name, other=other[0], other_column=other[1].name)
    return [(mine[0], fact)] if same and mine[0] != other[0] else []


def _times(column: str, kind: type[exp.Expr], values: list[Moment]) -> Iterator[Fact]:
    if kind is exp.Between:
        low, high = values
    else:
        low, high = min(values, key=lambda each: each.at), max(values, key=lambda each: each.at)
    moves = any(each.moves for each in values)
    if kind not in UPPER:
        yield Since(column=column, at=low.at, moves=moves)
    if kind not in LOWER:
        yield Until(column=column, at=high.at, moves=moves)


def _name(value: exp.Expr, kind: str) -> str | None:
    """Return the one spelling of a constant of the family; a text of blanks names nothing."""
    if isinstance(value, exp.Neg):
        inner = None if isinstance(value.this, exp.Neg) else _name(value.this, kind)
        return f"-{inner}" if inner and kind != "text" else None
    if isinstance(value, exp.Cast):
        plain = value.to.this in TEXT_CASTS and not value.to.expressions and kind == "text"
        return _name(value.this, kind) if plain and isinstance(value.this, exp.Literal) else None
    if not isinstance(value, exp.Literal):
        return None
    if kind == "text":
        return value.name if value.is_string and value.name.strip() else None
    if value.is_string:
        return str(int(value.name)) if kind == "whole" and WHOLE_TEXT.fullmatch(value.name) else None
    pattern = WHOLE_NUMBER if kind == "whole" else NUMBER
    return value.name if pattern.fullmatch(value.name) else None
