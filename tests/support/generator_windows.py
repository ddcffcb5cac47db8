"""Window functions whose value does not depend on the order among equals."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.generator_context import Context, Relation, Scope
from tests.support.generator_expressions import expression, leaf
from tests.support.generator_predicates import predicate
from tests.support.generator_schema import Kind

VALUES = {Kind.INT: ("MAX", "MIN", "SUM"), Kind.MONEY: ("SUM", "MAX", "MIN"), Kind.TEXT: ("MAX", "MIN")}
VALUES |= {Kind.TIME: ("MAX", "MIN"), Kind.DATE: ("MIN", "MAX"), Kind.FLOAT: ("MAX", "MIN")}
RANKS = ("RANK()", "DENSE_RANK()", "COUNT(*)", "PERCENT_RANK()")
ROW_FRAMES = (
    *("1 PRECEDING AND CURRENT ROW", "UNBOUNDED PRECEDING AND 1 FOLLOWING", "2 PRECEDING AND 1 PRECEDING"),
    *("CURRENT ROW AND UNBOUNDED FOLLOWING", "1 FOLLOWING AND 2 FOLLOWING"),
)
RANGES = ("UNBOUNDED PRECEDING AND CURRENT ROW", "CURRENT ROW AND UNBOUNDED FOLLOWING")
NEIGHBOURS = ("LAG({})", "LEAD({}, 2)", "FIRST_VALUE({})", "LAG({}, 1)", "LAST_VALUE({})")


def window(context: Context, scope: Scope, kind: Kind, named: list[str]) -> str:
    """Return a window expression; a definition that it names is added to `named`."""
    is_second = "window" in context.seen
    if kind not in VALUES or (is_second and "windows" in context.world.lacks):
        return expression(context, scope, kind)
    context.count("window")
    key = _key(context, scope.relations)
    if key and context.chance(35):
        return _by_row(context, scope, kind, key, named)
    if kind in {Kind.FLOAT, Kind.MONEY} and context.chance(8):
        return _distribution(context, scope, named)
    if context.has("range_offset") and context.chance(8):
        return _range_offset(context, scope, kind, named)
    order = f"ORDER BY {expression(context, scope, context.pick((Kind.INT, Kind.MONEY, Kind.TIME)), 1)}"
    over = f"{_partition(context, scope)}{order if context.chance(60) else ''}".strip()
    if kind is Kind.INT and context.chance(50):
        ranks = RANKS[:2] if "ORDER" in over else RANKS[2:3]
        return f"{context.pick(ranks)} OVER {_over(context, over, named)}"
    value = _value(context, scope, kind)
    if context.has("window_filter") and context.chance(12):
        value = context.count("window_filter", f"{value} FILTER (WHERE {predicate(context, scope, 0)})")
    return f"{value} OVER {_over(context, over + _frame(context, over), named)}"


def ranked(context: Context, scope: Scope) -> str:
    """Return a condition on a rank, for QUALIFY."""
    context.count("qualify")
    order = f"ORDER BY {expression(context, scope, context.pick((Kind.INT, Kind.MONEY, Kind.TIME)), 1)}"
    over = f"({_partition(context, scope)}{order})"
    return f"{context.pick(RANKS[:2])} OVER {over} {context.pick(('<=', '>', '='))} {context.number(1, 4)}"


def _distribution(context: Context, scope: Scope, named: list[str]) -> str:
    context.count("distribution")
    order = f"ORDER BY {expression(context, scope, context.pick((Kind.INT, Kind.MONEY, Kind.TIME)), 1)}"
    over = f"{_partition(context, scope)}{order}"
    return f"{context.pick(('CUME_DIST()', 'PERCENT_RANK()'))} OVER {_over(context, over, named)}"


def _range_offset(context: Context, scope: Scope, kind: Kind, named: list[str]) -> str:
    """Frame by distance: equals are together in it."""
    context.count("range_offset")
    over = f"{_partition(context, scope)}ORDER BY {leaf(context, scope, Kind.INT)}"
    frame = context.pick(("2 PRECEDING AND CURRENT ROW", "1 PRECEDING AND 1 FOLLOWING"))
    return f"{_value(context, scope, kind)} OVER {_over(context, f'{over} RANGE BETWEEN {frame}', named)}"


def _key(context: Context, relations: Sequence[Relation]) -> str:
    """Return the column by which rows come in a total order, if there is one."""
    if len(relations) != 1 or not relations[0].key:
        return ""
    return f"{context.spelt(relations[0].name)}.{relations[0].key}"


def _by_row(context: Context, scope: Scope, kind: Kind, key: str, named: list[str]) -> str:
    """Return what counts rows one by one: only where the key makes the order total."""
    over = f"{_partition(context, scope)}ORDER BY {key}{context.pick(('', ' DESC'))}"
    choice = context.number(0, 2)
    if choice == 0 and kind is Kind.INT:
        context.count("neighbour_row")
        numbers = ("ROW_NUMBER()", "NTILE(3)")
        return f"{context.pick(numbers)} OVER {_over(context, over, named)}"
    if choice == 1:
        context.count("neighbour_row")
        called = context.pick(NEIGHBOURS).replace("{}", expression(context, scope, kind, 1))
        if context.has("ignore_nulls") and context.chance(20):
            called = context.count("ignore_nulls", f"{called[:-1]} IGNORE NULLS)")
        return f"{called} OVER {_over(context, over, named)}"
    context.count("row_frame")
    over = f"{over} ROWS BETWEEN {context.pick(ROW_FRAMES)}"
    return f"{_value(context, scope, kind)} OVER {_over(context, over, named)}"


def _partition(context: Context, scope: Scope) -> str:
    if not context.chance(60):
        return ""
    made = expression(context, scope, context.pick((Kind.TEXT, Kind.INT)), 1)
    if "(SELECT " in made:
        context.count("window_subquery")
    return f"PARTITION BY {made} "


def _frame(context: Context, over: str) -> str:
    """Return a frame that takes equals together."""
    if "ORDER" not in over or not context.chance(40):
        return ""
    context.count("frame")
    if context.has("groups_frame") and context.chance(40):
        return context.count("groups_frame", " GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW")
    if context.chance(30):
        return " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
    return f" RANGE BETWEEN {context.pick(RANGES)}"


def _over(context: Context, definition: str, named: list[str]) -> str:
    if not context.has("named_window") or not context.chance(25):
        return f"({definition})"
    name = context.fresh("x")
    named.append(f"{name} AS ({definition})")
    return context.count("named_window", name)


def _value(context: Context, scope: Scope, kind: Kind) -> str:
    if kind is Kind.INT and context.chance(40):
        return "COUNT(*)"
    return f"{context.pick(VALUES[kind])}({expression(context, scope, kind, 1)})"
