"""Conditions of the agent's that may stand inside a fence: they cannot fail and reveal no masked value.

A fence keeps the agent's conditions out of the scan, and with them the index they would use. A copy of
`column op literal` may go in again: on any row, hidden or not, it gives true, false or NULL and never an
error, so neither the rows nor an error tells of hidden rows. The condition itself stays where it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlglot import exp

from lucky_mcp.catalog.column_types import BOOLEANS, DECIMALS, FLOATS, INTEGERS, TEXTS, TIMESTAMPS, base_type
from lucky_mcp.enforcement.predicates import qualified
from lucky_mcp.model.decision import TableDecision, VisibleColumn
from lucky_mcp.sql.correlation import names_in_from, select_around
from lucky_mcp.sql.dialects import Grammar, folded
from lucky_mcp.sql.resolved import Scan
from lucky_mcp.sql.scan_conditions import (
    FLIPPED,
    Condition,
    Conditions,
    column_meant,
    conditions_around,
    conjuncts,
    operands,
)

COPIES_MAX = 16
VALUES_MAX = 1000
# No operand is ever turned into a type that cannot hold every value of the other side, on any engine.
NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,6})?")
DECIMAL_DIGITS_MAX, DECIMAL_SCALE_MAX = 28, 10
DATE_TYPES = frozenset({exp.DType.DATE})
TIME_TYPES = DATE_TYPES | {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.DATETIME}


class Selects:
    """The conditions of a statement's SELECTs, read once for all scans; none may be replaced meanwhile."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._known: dict[int, Conditions] = {}
        self._candidates: dict[int, _Candidates] = {}

    def around(self, scan: Scan) -> tuple[Conditions, _Candidates] | None:
        """Return the conditions of the scan's own SELECT, and what of them may be copied for which name."""
        item = scan.node.parent
        select = item.parent if item is not None else None
        if select is None or not (select.args.get("where") or select.args.get("joins")):
            return None  # as in most statements: there are no conditions
        conditions = conditions_around(scan.node, self._known)
        if conditions is None:
            return None
        key = id(conditions)
        if key not in self._candidates:
            self._candidates[key] = _candidates(conditions, self.grammar)
        return conditions, self._candidates[key]


def safe_conjuncts(scan: Scan, decided: TableDecision, selects: Selects, alias: str) -> tuple[exp.Expr, ...]:
    """Return copies, over the columns of `alias`, of the conditions that hold for every row used of `scan`.

    Call it while the scan still stands in the statement. Where a name or a join leaves doubt, nothing is
    returned: the scan is then only slower.
    """
    around = None if decided.compares_rows else selects.around(scan)
    if around is None:
        return ()
    conditions, candidates = around
    grammar = selects.grammar
    found: list[exp.Expr] = []
    for each in candidates.get(folded(scan.node.args["alias"].this, grammar), ()):
        may_be_null = conditions.holds(each.condition, scan.node)
        if may_be_null is None or len(found) == COPIES_MAX:
            continue
        copied = _copied(each, decided, grammar, alias)
        if copied is not None and (may_be_null or not isinstance(copied, exp.Is)):
            found.append(copied)
    return tuple(found)


def is_safe(conjunct: exp.Expr, decided: TableDecision, alias: str) -> bool:
    """Whether a condition compares an unmasked column of `alias` with literals and can never fail."""
    if isinstance(conjunct, exp.In) and set(filter(conjunct.args.get, conjunct.args)) != {
        "this",
        "expressions",
    }:
        return False
    found = operands(conjunct)
    if found is None or len(found[1]) > VALUES_MAX or decided.compares_rows:
        return False
    column, literals = found
    if not isinstance(column, exp.Column) or column.table != alias or column.args.get("db"):
        return False
    meant = next((each for each in decided.columns if each.name == column.name), None)
    return meant is not None and _is_comparable(meant, literals)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A part of a condition that compares `column` with something that is no column.

    With `equals`, it says that the column equals this value, which is not part of the condition itself.
    """

    condition: Condition
    part: exp.Expr
    column: exp.Column
    equals: exp.Expr | None = None


_Candidates = dict[str, list[_Candidate]]


def _candidates(conditions: Conditions, grammar: Grammar) -> _Candidates:
    """Return what may be copied, by the name of the scan that it speaks of, in the order of the conditions.

    A name without a qualifier means the only item of FROM; beside a join it might mean another.
    """
    joined = bool(conditions.select.args.get("joins"))
    only = conditions.select.args["from_"].this.args.get("alias")
    found: _Candidates = {}

    def note(candidate: _Candidate) -> None:
        qualifier = candidate.column.args.get("table")
        name = qualifier if qualifier is not None or joined else only.this
        if name is not None:
            found.setdefault(folded(name, grammar), []).append(candidate)

    keys = _keys_around(conditions.select, grammar) | _keys(conditions.select, grammar)
    for condition in conditions.all:
        parts = conjuncts(condition.expression)
        for part in parts:
            flipped = type(part) in FLIPPED and isinstance(part.expression, exp.Column)
            column = part.expression if flipped else part.this
            other = part.this if flipped else part.args.get("expression")
            if isinstance(column, exp.Column) and not isinstance(other, exp.Column):
                note(_Candidate(condition, part, column))
        meant = _keys_meant(keys, condition, conditions.select) if keys else keys
        for part in parts:
            for column, value in _implied(part, meant, grammar):
                note(_Candidate(condition, part, column, value))
    return found


_Keys = dict[tuple[str, str], list[exp.Expr]]


def _keys(select: exp.Select, grammar: Grammar) -> _Keys:
    """Return the whole numbers that WHERE says single columns to equal."""
    where = select.args.get("where")
    found: _Keys = {}
    for each in conjuncts(where.this) if where is not None else ():
        if not isinstance(each, exp.EQ) or not isinstance(each.this, exp.Column):
            continue
        name, value = _name(each.this, grammar), each.expression
        if name is not None and isinstance(value, exp.Literal) and value.is_int:
            found.setdefault(name, []).append(value)
    return found


def _keys_around(select: exp.Select, grammar: Grammar) -> _Keys:
    """Return the keys of the query that an EXISTS or IN is a condition of, by names that mean nothing in it.

    For a row with another key it does not matter what the subquery finds: that query's WHERE drops it.
    """
    around = select_around(select)
    found = _keys(around, grammar) if around is not None else {}
    own = names_in_from(select) if found else set()
    return {name: values for name, values in found.items() if name[0].lower() not in own}


def _keys_meant(keys: _Keys, condition: Condition, select: exp.Select) -> _Keys:
    """Leave out the keys of items that an ON does not see yet: there the name may be an outer query's."""
    joins = select.args.get("joins") or []
    later = joins[condition.join + 1 :] if condition.join >= 0 else []
    unseen = {join.this.alias_or_name.lower() for join in later}
    return {name: values for name, values in keys.items() if name[0].lower() not in unseen}


def _implied(part: exp.Expr, keys: _Keys, grammar: Grammar) -> Iterator[tuple[exp.Column, exp.Expr]]:
    """Yield `ours, number` where the part says `ours = theirs`, and WHERE says `theirs = number`.

    A row whose `theirs` is another number is dropped by WHERE, whatever it was joined with. Only for whole
    numbers: between other types equality need not carry over.
    """
    if not keys or not isinstance(part, exp.EQ):
        return
    left, right = part.this, part.expression
    if isinstance(left, exp.Column) and isinstance(right, exp.Column):
        for ours, theirs in ((left, right), (right, left)):
            name = _name(theirs, grammar)
            for value in keys.get(name, ()) if name is not None else ():
                yield ours, value


def _name(column: exp.Column, grammar: Grammar) -> tuple[str, str] | None:
    table = column.args.get("table")
    return (folded(table, grammar), folded(column.this, grammar)) if table is not None else None


def _copied(candidate: _Candidate, decided: TableDecision, grammar: Grammar, alias: str) -> exp.Expr | None:
    meant = column_meant(candidate.column, decided.columns, grammar)
    if meant is None:
        return None
    ours, part = qualified(meant.name, alias), candidate.part
    if candidate.equals is not None:
        copied: exp.Expr = exp.EQ(this=ours, expression=candidate.equals.copy())
        return copied if base_type(meant.type)[0] in INTEGERS and is_safe(copied, decided, alias) else None
    if candidate.column is part.this:
        copied = part.copy()
        copied.set("this", ours)
    else:
        copied = FLIPPED[type(part)](this=ours, expression=part.this.copy())
    return copied if is_safe(copied, decided, alias) else None


def _is_comparable(column: VisibleColumn, literals: list[exp.Expr]) -> bool:
    if column.mask is not None or column.masks_below:
        return False
    base, sizes = base_type(column.type)
    if base in INTEGERS or base in FLOATS or (base in DECIMALS and _is_narrow(sizes)):
        return all(map(is_number, literals))
    if base in TEXTS:
        return all(isinstance(each, exp.Literal) and each.is_string for each in literals)
    if base in BOOLEANS:
        return all(isinstance(each, exp.Boolean) for each in literals)
    if base == "DATE":
        return all(_is_time(each, DATE_TYPES) for each in literals)
    return base in TIMESTAMPS and all(is_moment(each) for each in literals)


def _is_narrow(sizes: str) -> bool:
    numbers = [int(size) for size in re.findall(r"\d+", sizes)]
    return bool(numbers) and numbers[0] <= DECIMAL_DIGITS_MAX and sum(numbers[1:]) <= DECIMAL_SCALE_MAX


def is_number(node: exp.Expr) -> bool:
    """Whether it is a number written out that every numeric type of every engine takes."""
    bare = node.this if isinstance(node, exp.Neg) else node
    return isinstance(bare, exp.Literal) and not bare.is_string and bool(NUMBER.fullmatch(bare.name))


def is_moment(node: exp.Expr) -> bool:
    """Whether it is a date or time of the calendar, written out as text or as a cast of one."""
    return _is_time(node, TIME_TYPES)


def _is_time(node: exp.Expr, types: frozenset[exp.DType]) -> bool:
    """A date or time of the calendar, since one that is not may fail once a row meets it."""
    if isinstance(node, exp.Cast):
        if node.to.this not in types or node.to.expressions:
            return False
        types, node = frozenset({node.to.this}), node.this
    if not isinstance(node, exp.Literal) or not node.is_string:
        return False
    return _is_of_calendar(node.name, date if types == DATE_TYPES else datetime)


def _is_of_calendar(text: str, kind: type[date]) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{3}|\.\d{6})?)?", text):
        return False
    try:
        return kind.fromisoformat(text).year >= 1000
    except ValueError:
        return False
