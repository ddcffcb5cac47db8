"""The mean of a row's group as SQL: how a column that is read in aggregates alone stands in a guard.

Every row that has a value shows the mean of its group, so any average, sum or count of whole groups is that
of the values themselves, and nothing else about a value is in what a scan shows. Groups that are too small
show NULL. The window functions see the rows that the guard's filters leave, and no condition of an agent's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from lucky_mcp.catalog.column_types import FLOATS, base_type
from lucky_mcp.enforcement.predicates import qualified
from lucky_mcp.model.decision import Averaged, VisibleColumn

DIGITS, SCALE = 30, 10


def mean_expression(column: VisibleColumn, alias: str) -> exp.Expr:
    """Return the SQL over the columns of `alias`; ValueError for a column that is shown in another way."""
    averaged = column.averaged
    if averaged is None:
        raise ValueError(f"{column.name} is not read in aggregates alone")
    needed = [qualified(each, alias) for each in (column.name, averaged.person) if each]

    def over_group(call: exp.Expr, order: exp.Order | None = None) -> exp.Window:
        """Rows that have no value, or no person, are a group of their own, so that they are not counted."""
        has_value = _case(_any_null(needed), exp.Literal.number(0), exp.Literal.number(1))
        keys = [*(qualified(each, alias) for each in averaged.by), has_value]
        return exp.Window(this=call, partition_by=keys, order=order, over="OVER")

    value = needed[0].copy()
    if base_type(column.type)[0] in FLOATS:
        mean: exp.Expr = over_group(exp.Avg(this=value))
    else:
        mean = _exact(over_group(exp.Avg(this=_exact(value))))
    members = _members(averaged, alias, over_group)
    enough = exp.GTE(this=members, expression=exp.Literal.number(averaged.group_min))
    return exp.Case(ifs=[exp.If(this=_any_null(needed), true=exp.null()), exp.If(this=enough, true=mean)])


def mean_type(type_: str) -> str:
    """Return the type of the mean of values of a type."""
    base = base_type(type_)[0]
    return type_ if base in FLOATS else f"DECIMAL({DIGITS},{SCALE})"


def _members(averaged: Averaged, alias: str, over_group: Callable[..., exp.Window]) -> exp.Expr:
    """How many rows of the group have a value; or persons, which no window function counts by itself.

    The ranks of one person from either end add up to one more than there are persons.
    """
    if not averaged.person:
        return over_group(exp.Count(this=exp.Star()))
    ranks = [
        over_group(
            exp.DenseRank(),
            exp.Order(expressions=[_ordered(qualified(averaged.person, alias), desc=desc)]),
        )
        for desc in (False, True)
    ]
    both = exp.Add(this=ranks[0], expression=ranks[1])
    return exp.Paren(this=exp.Sub(this=both, expression=exp.Literal.number(1)))


def _ordered(column: exp.Expr, *, desc: bool) -> exp.Ordered:
    """Where NULL stands is said, since engines differ; no person that is counted is NULL."""
    return exp.Ordered(this=column, desc=desc, nulls_first=not desc)


def _exact(value: exp.Expr) -> exp.Expr:
    return exp.cast(value, exp.DataType.build(f"DECIMAL({DIGITS}, {SCALE})", dialect="duckdb"))


def _any_null(values: Sequence[exp.Expr]) -> exp.Expr:
    tests = [exp.Is(this=each.copy(), expression=exp.null()) for each in values]
    return tests[0] if len(tests) == 1 else exp.Or(this=tests[0], expression=tests[1])


def _case(condition: exp.Expr, true: exp.Expr, default: exp.Expr) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=condition, true=true)], default=default)
