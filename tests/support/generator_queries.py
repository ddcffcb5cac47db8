"""Whole queries: SELECT in its forms, set operations, WITH, and the strategy that yields them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.support.generator_context import Context, Scope, Written
from tests.support.generator_ctes import with_clause
from tests.support.generator_expressions import expression, leaf
from tests.support.generator_from import from_clause
from tests.support.generator_predicates import predicate
from tests.support.generator_schema import Field, Kind, World

RISKY_PERCENT = 22
SHOWN = (Kind.TEXT, Kind.INT, Kind.MONEY, Kind.TIME, Kind.TEXT, Kind.INT, Kind.MONEY, Kind.FLOAT, Kind.DATE)
AGGREGATED = {Kind.INT: ("MAX", "MIN"), Kind.MONEY: ("SUM", "MAX", "MIN"), Kind.TEXT: ("MAX", "MIN")}
AGGREGATED |= {Kind.TIME: ("MAX", "MIN"), Kind.DATE: ("MIN", "MAX"), Kind.FLOAT: ("MAX", "MIN")}
SETS = ("UNION", "UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT")


@dataclass(frozen=True)
class Query:
    """One generated query; `seen` names the constructs it holds."""

    sql: str
    is_ordered: bool
    seen: frozenset[str]

    @property
    def joins(self) -> bool:
        """Whether it joins."""
        return "join" in self.seen

    @property
    def nests(self) -> bool:
        """Whether a query stands inside another."""
        return "nest" in self.seen


def written_query(world: World, choose: Callable[[int, int], int], *, is_risky: bool = False) -> Query:
    """Return the query that the choices make; any source of numbers will do. Risky ones may fail on some rows."""
    context = Context(choose=choose, world=world, subquery=subquery)
    context.is_risky = context.chance(RISKY_PERCENT) or is_risky
    written = full_query(context, Scope(), None)
    return Query(sql=written.text, is_ordered=written.is_ordered, seen=frozenset(context.seen))


def subquery(
    context: Context, scope: Scope, kinds: Sequence[Kind] | None, *, one_row: bool = False
) -> Written:
    """Write a query inside another one; with `one_row` it gives exactly one row."""
    context.seen["nest"] += 1
    inside = Scope(outer=scope if scope.relations or scope.outer else None, ctes=scope.ctes)
    if not scope.relations and scope.outer is not None:
        inside = Scope(outer=scope.outer, ctes=scope.ctes)
    if one_row:
        return _select(context, inside, list(kinds or [Kind.INT]), form="aggregate")
    return full_query(context, inside, kinds)


def full_query(context: Context, outer: Scope, kinds: Sequence[Kind] | None) -> Written:
    """Write WITH … SELECT … set operation … ORDER BY … LIMIT, most parts being optional."""
    text, ctes = "", outer.ctes
    if context.may_nest and context.chance(24 if context.selects == 0 else 12):
        text, ctes = with_clause(context, outer, full_query)
    inside = replace(outer, ctes=ctes)
    if context.may_nest and context.chance(12):
        body = _set_operation(context, inside, kinds)
    else:
        body = _select(context, inside, kinds, form=_form(context))
    ordered = _ordered(context, body)
    return replace(ordered, text=f"{text}{ordered.text}")


def _shown_kind(context: Context, scope: Scope) -> Kind:
    """Return a kind that something in FROM has, so that what is shown is data."""
    kinds = [field.kind for relation in scope.relations for field in relation.usable]
    return context.pick(kinds or SHOWN)


def _form(context: Context) -> str:
    return context.pick(
        ("plain", "plain", "plain", "plain", "grouped", "grouped", "aggregate", "windowed", "distinct")
    )


def _set_operation(context: Context, outer: Scope, kinds: Sequence[Kind] | None) -> Written:
    context.seen["set"] += 1
    wanted = list(kinds or [context.pick(context.world.kinds) for _ in range(context.number(1, 2))])
    arms = [
        _select(context, outer, wanted, form=context.pick(("plain", "grouped", "distinct"))) for _ in range(2)
    ]
    texts = [arms[0].text, f"({arms[1].text})" if context.chance(25) else arms[1].text]
    return replace(arms[0], text=f" {context.pick(SETS)} ".join(texts))


def _ordered(context: Context, body: Written) -> Written:
    """Order by every column, which is total; only then is a LIMIT fair."""
    if not body.is_sized or not body.fields or not context.chance(30):
        return body
    directions = [context.pick(("", " DESC")) for _ in body.fields]
    keys = ", ".join(f"{place}{direction}" for place, direction in enumerate(directions, start=1))
    limit = f" LIMIT {context.number(1, 12)}" if context.chance(40) else ""
    if limit and context.chance(25):
        limit += f" OFFSET {context.number(1, 3)}"
    return replace(body, text=f"{body.text} ORDER BY {keys}{limit}", is_ordered=True)


def _select(context: Context, outer: Scope, kinds: Sequence[Kind] | None, *, form: str) -> Written:
    context.selects += 1
    text, scope = from_clause(context, outer)
    where = f" WHERE {predicate(context, scope)}" if context.chance(42) else ""
    if form == "grouped":
        return _grouped(context, scope, kinds, f"FROM {text}{where}")
    if form == "aggregate":
        return _aggregated(context, scope, kinds, f"FROM {text}{where}")
    windows = form == "windowed"
    shown, fields, is_sized = _projections(context, scope, kinds, windows=windows)
    distinct = "DISTINCT " if form == "distinct" else ""
    return Written(f"SELECT {distinct}{shown} FROM {text}{where}", fields, is_sized=is_sized)


def _projections(
    context: Context, scope: Scope, kinds: Sequence[Kind] | None, *, windows: bool
) -> tuple[str, tuple[Field, ...], bool]:
    if kinds is None and context.chance(22):
        return _stars(context, scope)
    wanted = kinds or [_shown_kind(context, scope) for _ in range(context.number(1, 3))]
    parts = [_projection(context, scope, kind, windows=windows) for kind in wanted]
    return ", ".join(text for text, _ in parts), tuple(field for _, field in parts), True


def _stars(context: Context, scope: Scope) -> tuple[str, tuple[Field, ...], bool]:
    context.seen["star"] += 1
    if context.chance(50):
        return "*", tuple(f for r in scope.relations for f in r.fields), scope.is_sized
    relation = context.pick(scope.relations)
    return f"{relation.name}.*", relation.fields, scope.is_sized


def _projection(context: Context, scope: Scope, kind: Kind, *, windows: bool) -> tuple[str, Field]:
    text = (
        _window(context, scope, kind) if windows and context.chance(60) else expression(context, scope, kind)
    )
    name = context.pick(("order_id", "user_no", "n")) if context.chance(4) else context.fresh("c")
    return f"{text} AS {name}", Field(name, kind)


def _window(context: Context, scope: Scope, kind: Kind) -> str:
    """Return a window whose value does not depend on the order among equals."""
    context.seen["window"] += 1
    partition = f"PARTITION BY {expression(context, scope, context.pick((Kind.TEXT, Kind.INT)), 1)} "
    order = f"ORDER BY {expression(context, scope, context.pick((Kind.INT, Kind.MONEY, Kind.TIME)), 1)}"
    over = f"({partition if context.chance(60) else ''}{order if context.chance(50) else ''})"
    if kind is Kind.INT:
        ranks = ("RANK()", "DENSE_RANK()") if "ORDER" in over else ("COUNT(*)",)
        return f"{context.pick(ranks)} OVER {over}"
    if kind not in AGGREGATED:
        return expression(context, scope, kind)
    return f"{context.pick(AGGREGATED[kind])}({expression(context, scope, kind, 1)}) OVER {over}"


def _aggregate(context: Context, scope: Scope, kind: Kind) -> str:
    if kind is Kind.INT and context.chance(60):
        inner = context.pick((Kind.TEXT, Kind.INT))
        counted = context.pick(("*", expression(context, scope, inner, 1)))
        return f"COUNT({'DISTINCT ' if counted != '*' and context.chance(50) else ''}{counted})"
    if kind not in AGGREGATED:
        return "NULL"
    return f"{context.pick(AGGREGATED[kind])}({expression(context, scope, kind, 1)})"


def _aggregated(context: Context, scope: Scope, kinds: Sequence[Kind] | None, rest: str) -> Written:
    wanted = list(kinds or [_shown_kind(context, scope) for _ in range(context.number(1, 2))])
    fields = tuple(Field(context.fresh("a"), kind) for kind in wanted)
    parts = [f"{_aggregate(context, scope, field.kind)} AS {field.name}" for field in fields]
    having = f" HAVING {_having(context, scope)}" if kinds is None and context.chance(15) else ""
    return Written(f"SELECT {', '.join(parts)} {rest}{having}", fields)


def _grouped(context: Context, scope: Scope, kinds: Sequence[Kind] | None, rest: str) -> Written:
    context.seen["group"] += 1
    wanted = list(kinds or [_shown_kind(context, scope), _shown_kind(context, scope), Kind.INT])
    keys = [_group_key(context, scope, kind) for kind in wanted[:2]]
    fields = tuple(Field(context.fresh("g"), kind) for kind in wanted)
    values = [*keys, *(_aggregate(context, scope, kind) for kind in wanted[len(keys) :])]
    shown = ", ".join(f"{value} AS {field.name}" for value, field in zip(values, fields, strict=True))
    having = f" HAVING {_having(context, scope)}" if context.chance(30) else ""
    return Written(f"SELECT {shown} {rest} GROUP BY {_group_keys(context, keys)}{having}", fields)


def _group_key(context: Context, scope: Scope, kind: Kind) -> str:
    """Return a key without WITH: its entries get names of their own at each place, so no engine finds it equal."""
    key = expression(context, scope, kind, 1)
    return leaf(context, scope, kind) if "WITH " in key else key


def _group_keys(context: Context, keys: Sequence[str]) -> str:
    plain = ", ".join(keys)
    if not context.chance(20):
        return plain
    context.seen["rollup"] += 1
    return (
        f"{plain} WITH ROLLUP" if context.world.is_mysql else f"{context.pick(('ROLLUP', 'CUBE'))} ({plain})"
    )


def _having(context: Context, scope: Scope) -> str:
    if context.may_nest and context.chance(25):
        inner = context.subquery(context, Scope(outer=None, ctes=scope.ctes), [Kind.INT], one_row=True)
        return f"COUNT(*) {context.pick(('>', '<='))} ({inner.text})"
    return f"{_aggregate(context, scope, Kind.INT)} {context.pick(('>', '<', '<>'))} {context.number(0, 4)}"
