"""Aggregates: one row, groups by every way of naming a key, sets of groups, and conditions on them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.generator_context import Context, Scope, Written
from tests.support.generator_expressions import expression, leaf
from tests.support.generator_predicates import predicate
from tests.support.generator_schema import Field, Kind

AGGREGATED = {Kind.INT: ("MAX", "MIN"), Kind.MONEY: ("SUM", "MAX", "MIN"), Kind.TEXT: ("MAX", "MIN")}
AGGREGATED |= {Kind.TIME: ("MAX", "MIN"), Kind.DATE: ("MIN", "MAX"), Kind.FLOAT: ("MAX", "MIN", "AVG")}
SET_WORDS = ("ROLLUP", "CUBE", "GROUPING SETS")
SETS = {"grouping_sets": "GROUPING SETS", "rollup": "ROLLUP", "cube": "CUBE"}


def aggregated(
    context: Context, scope: Scope, kinds: Sequence[Kind] | None, rest: str, default: Kind
) -> Written:
    """Write a query of one row, or none where HAVING drops it."""
    wanted = list(kinds or [default, Kind.INT][: context.number(1, 2)])
    fields = tuple(Field(context.fresh("a"), kind) for kind in wanted)
    parts = [f"{_aggregate(context, scope, field.kind)} AS {field.name}" for field in fields]
    having = f" HAVING {_having(context, scope, ())}" if kinds is None and context.chance(15) else ""
    return Written(f"SELECT {', '.join(parts)} {rest}{having}", fields)


def grouped(context: Context, scope: Scope, wanted: Sequence[Kind], rest: str) -> Written:
    """Write a query by groups: the first two columns are keys, the others aggregates."""
    context.count("group")
    keys = [_key(context, scope, kind) for kind in wanted[:2]]
    fields = tuple(Field(context.fresh("g"), kind) for kind in wanted)
    by = _by(context, keys, [field.name for field in fields[: len(keys)]])
    others = [_aggregate(context, scope, kind) for kind in wanted[len(keys) :]]
    if others and wanted[-1] is Kind.INT and any(word in by for word in SET_WORDS) and context.chance(35):
        others[-1] = context.count("grouping", f"GROUPING({context.pick(keys)})")
    values = [*keys, *others]
    shown = ", ".join(f"{value} AS {field.name}" for value, field in zip(values, fields, strict=True))
    aliases = [field.name for field in fields[len(keys) :]]
    having = f" HAVING {_having(context, scope, aliases)}" if context.chance(30) else ""
    return Written(f"SELECT {shown} {rest} GROUP BY {by}{having}", fields)


def _key(context: Context, scope: Scope, kind: Kind) -> str:
    """Return a key without WITH: its entries get names of their own at each place, so no engine finds it equal."""
    key = expression(context, scope, kind, 1)
    if "WITH " in key:
        return leaf(context, scope, kind)
    if "(SELECT " in key:
        context.count("group_subquery")
    return key


def _by(context: Context, keys: Sequence[str], names: Sequence[str]) -> str:
    if (context.has("cube") or context.has("rollup")) and context.chance(25):
        return _sets(context, keys)
    if context.has("group_all") and context.chance(8):
        return context.count("group_all", "ALL")
    if context.chance(20):
        context.count("group_alias")
        return ", ".join(names)
    if context.chance(20):
        context.count("group_position")
        return ", ".join(str(place) for place in range(1, len(keys) + 1))
    return ", ".join(keys)


def _sets(context: Context, keys: Sequence[str]) -> str:
    plain = ", ".join(keys)
    if not context.has("cube"):
        return context.count("rollup", f"{plain} WITH ROLLUP")
    form = context.pick([each for each in SETS if context.has(each)])
    context.count(form)
    if form == "grouping_sets":
        plain = ", ".join([f"({plain})", *(f"({key})" for key in keys), "()"][: context.number(2, 4)])
    return f"{SETS[form]} ({plain})"


def _aggregate(context: Context, scope: Scope, kind: Kind) -> str:
    text = _aggregate_call(context, scope, kind)
    if text != "NULL" and context.has("filter") and context.chance(10):
        return context.count("filter", f"{text} FILTER (WHERE {predicate(context, scope, 0)})")
    return text


def _aggregate_call(context: Context, scope: Scope, kind: Kind) -> str:
    if kind is Kind.INT and context.chance(60):
        inner = context.pick((Kind.TEXT, Kind.INT))
        counted = context.pick(("*", expression(context, scope, inner, 1)))
        distinct = context.count("aggregate_distinct", "DISTINCT ") if context.chance(50) else ""
        return f"COUNT({distinct if counted != '*' else ''}{counted})"
    if kind not in AGGREGATED:
        return "NULL"
    if kind is Kind.TEXT and context.has("concat_aggregate") and context.chance(15):
        return _concatenated(context, scope)
    if context.has("ordered_set") and kind in {Kind.INT, Kind.MONEY} and context.chance(10):
        inner = expression(context, scope, kind, 1)
        return context.count("ordered_set", f"PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY {inner})")
    if kind is Kind.MONEY and context.chance(15):
        context.count("aggregate_distinct")
        return f"SUM(DISTINCT {expression(context, scope, kind, 1)})"
    inner = expression(context, scope, kind, 1)
    if "(SELECT " in inner:
        context.count("aggregate_subquery")
    return f"{context.pick(AGGREGATED[kind])}({inner})"


def _concatenated(context: Context, scope: Scope) -> str:
    """Put texts together in order of themselves, which leaves nothing open."""
    context.count("concat_aggregate")
    value = leaf(context, scope, Kind.TEXT)
    if context.world.dialect == "mysql":
        return f"GROUP_CONCAT({value} ORDER BY {value} SEPARATOR ';')"
    if context.world.dialect == "redshift":
        return f"LISTAGG({value}, ';') WITHIN GROUP (ORDER BY {value})"
    return f"STRING_AGG({value}, ';' ORDER BY {value})"


def _having(context: Context, scope: Scope, aliases: Sequence[str]) -> str:
    context.count("having")
    if context.may_nest and context.chance(25):
        context.count("having_subquery")
        inner = context.subquery(context, Scope(outer=None, ctes=scope.ctes), [Kind.INT], one_row=True)
        return f"COUNT(*) {context.pick(('>', '<='))} ({inner.text})"
    if aliases and context.has("having_alias") and context.chance(30):
        return context.count("having_alias", f"{context.pick(aliases)} IS NOT NULL")
    operator, number = context.pick((">", "<", "<>")), context.number(0, 4)
    return f"{_aggregate_call(context, scope, Kind.INT)} {operator} {number}"
