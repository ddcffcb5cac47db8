"""Whole queries: SELECT in its forms, set operations, WITH, orders and limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.support.generator_context import Context, Scope, Written
from tests.support.generator_ctes import with_clause
from tests.support.generator_expressions import expression, leaf, plain, scalar_subquery
from tests.support.generator_from import from_clause, keyed_from
from tests.support.generator_grouping import aggregated, grouped
from tests.support.generator_predicates import predicate
from tests.support.generator_schema import Field, Kind, World
from tests.support.generator_windows import ranked, window

RISKY_PERCENT = 22
SHOWN = (Kind.TEXT, Kind.INT, Kind.MONEY, Kind.TIME, Kind.TEXT, Kind.INT, Kind.MONEY, Kind.FLOAT, Kind.DATE)
FORMS = ("plain", "plain", "plain", "plain", "grouped", "grouped", "aggregate", "windowed", "distinct")
SETS = ("UNION", "UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL")
OUR_NAME = re.compile(r"[a-z]\d+|Sum \d+")


@dataclass(frozen=True)
class Query:
    """One generated query; `seen` names the constructs it holds."""

    sql: str
    is_ordered: bool
    seen: frozenset[str]


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
    context.count("nest")
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
    elif kinds is None and context.has("distinct_on") and context.chance(5):
        body = _distinct_on(context, inside)
    else:
        body = _select(context, inside, kinds, form=context.pick(FORMS))
    ordered = body if body.is_ordered else _ordered(context, body)
    return replace(ordered, text=f"{text}{ordered.text}")


def _shown_kind(context: Context, scope: Scope) -> Kind:
    """Return a kind that something in FROM has, so that what is shown is data."""
    kinds = [field.kind for relation in scope.relations for field in relation.usable]
    return context.pick(kinds or SHOWN)


def _set_operation(context: Context, outer: Scope, kinds: Sequence[Kind] | None) -> Written:
    context.count("set")
    wanted = list(kinds or [context.pick(context.world.kinds) for _ in range(context.number(1, 2))])
    if kinds is None and context.has("by_name") and context.chance(12):
        return _by_name(context, outer, wanted)
    operations = [each for each in SETS if context.has(each)]
    first = _arm(context, outer, wanted)
    text = first.text
    for more in range(context.pick((1, 1, 1, 2))):
        operation = context.pick(operations)
        context.count(operation)
        arm = _arm(context, outer, wanted).text
        if more or context.chance(25):
            context.count("set_nested")
        if more and context.chance(40):
            text = f"({text}) {operation} {arm}"
        else:
            text = f"{text} {operation} {f'({arm})' if context.chance(25) else arm}"
    return replace(first, text=text, scope=None)


def _by_name(context: Context, outer: Scope, wanted: Sequence[Kind]) -> Written:
    """Unite by names of columns: those that only one side has are NULL on the other."""
    first, second = _arm(context, outer, wanted), _arm(context, outer, wanted)
    names = {field.name.lower() for field in first.fields}
    fields = (*first.fields, *(field for field in second.fields if field.name.lower() not in names))
    operation = context.count("by_name", context.pick(("UNION BY NAME", "UNION ALL BY NAME")))
    return Written(f"{first.text} {operation} {second.text}", fields)


def _arm(context: Context, outer: Scope, wanted: Sequence[Kind]) -> Written:
    arm = _select(context, outer, wanted, form=context.pick(("plain", "grouped", "distinct")))
    if context.chance(12):
        context.count("set_arm_limit")
        keys = ", ".join(str(place) for place in range(1, len(arm.fields) + 1))
        return replace(arm, text=f"({arm.text} ORDER BY {keys} LIMIT {context.number(1, 8)})")
    return arm


def _ordered(context: Context, body: Written) -> Written:
    """Order by every column, which is total; only then is a LIMIT fair."""
    if not body.is_sized or not body.fields or not context.chance(33):
        return body
    names = [field.name for field in body.fields]
    keys = [str(place) for place in range(1, len(names) + 1)]
    if context.chance(30) and all(OUR_NAME.fullmatch(name) for name in names):
        context.count("order_alias")
        keys = [context.spelt(name) for name in names]
    else:
        context.count("order_position")
    keys = [f"{key}{_direction(context)}" for key in keys]
    keys = _first_keys(context, body) + keys
    limit = _limit(context) if context.chance(40) else ""
    return replace(body, text=f"{body.text} ORDER BY {', '.join(keys)}{limit}", is_ordered=True)


def _direction(context: Context) -> str:
    if context.has("nulls_order") and context.chance(10):
        return context.count("nulls_order", context.pick((" NULLS FIRST", " DESC NULLS LAST")))
    return context.pick(("", " DESC"))


def _limit(context: Context) -> str:
    context.count("limit")
    number, skipped = context.number(1, 12), context.number(1, 3) if context.chance(25) else 0
    if context.has("limit_comma") and context.chance(20):
        return context.count("limit_comma", f" LIMIT {skipped}, {number}")
    if context.has("fetch") and context.chance(15):
        return context.count("fetch", f" OFFSET {skipped} ROWS FETCH FIRST {number} ROWS ONLY")
    return f" LIMIT {number}{f' OFFSET {skipped}' if skipped else ''}"


def _first_keys(context: Context, body: Written) -> list[str]:
    """Return an expression to order by before the columns, where the query allows one."""
    if body.scope is None or not context.chance(20):
        return []
    kind = context.pick((Kind.INT, Kind.TEXT, Kind.MONEY))
    if context.may_nest and context.chance(40):
        context.count("order_subquery")
        return [scalar_subquery(context, body.scope, kind, 1)]
    made = expression(context, body.scope, kind, 2)
    return [context.count("order_expression", made)] if "(" in made else []


def _select(context: Context, outer: Scope, kinds: Sequence[Kind] | None, *, form: str) -> Written:
    context.selects += 1
    text, scope = (
        keyed_from(context, outer)
        if form == "windowed" and context.chance(40)
        else from_clause(context, outer)
    )
    where = f" WHERE {predicate(context, scope)}" if context.chance(36) else ""
    rest = f"FROM {text}{where}"
    if form == "grouped":
        wanted = list(kinds or [_shown_kind(context, scope), _shown_kind(context, scope), Kind.INT])
        return grouped(context, scope, wanted, rest)
    if form == "aggregate":
        return aggregated(context, scope, kinds, rest, _shown_kind(context, scope))
    named: list[str] | None = [] if form == "windowed" else None
    shown, fields, is_sized = _projections(context, scope, kinds, named)
    distinct = context.count("distinct", "DISTINCT ") if form == "distinct" else ""
    windows = f" WINDOW {', '.join(named)}" if named else ""
    text = f"SELECT {distinct}{shown} {rest}{windows}"
    if context.has("qualify") and context.chance(4):
        text += f" QUALIFY {ranked(context, scope)}"
    return Written(text, fields, is_sized=is_sized, scope=None if distinct else scope)


def _distinct_on(context: Context, outer: Scope) -> Written:
    """Write DISTINCT ON over one table; its key settles which row of several is shown."""
    context.count("distinct_on")
    context.selects += 1
    text, scope = keyed_from(context, outer)
    relation = scope.relations[0]
    if not relation.key:
        return _select(context, outer, None, form="distinct")
    where = f" WHERE {predicate(context, scope)}" if context.chance(36) else ""
    first = leaf(context, scope, context.pick((Kind.TEXT, Kind.INT)))
    kinds = [_shown_kind(context, scope) for _ in range(context.number(1, 2))]
    shown, fields, _ = _projections(context, scope, kinds, None)
    order = f"{first}{context.pick(('', ' DESC'))}, {context.spelt(relation.name)}.{relation.key}"
    sql = f"SELECT DISTINCT ON ({first}) {shown} FROM {text}{where} ORDER BY {order}"
    return Written(sql, fields, is_ordered=True)


def _projections(
    context: Context, scope: Scope, kinds: Sequence[Kind] | None, named: list[str] | None
) -> tuple[str, tuple[Field, ...], bool]:
    if kinds is None and context.chance(22):
        return _stars(context, scope)
    wanted = kinds or [_shown_kind(context, scope) for _ in range(context.number(1, 3))]
    parts = [_projection(context, scope, kind, named) for kind in wanted]
    if kinds is None and context.has("alias_reuse") and context.chance(6):
        parts.append(_reused(context, parts[-1][1]))
    return ", ".join(text for text, _ in parts), tuple(field for _, field in parts), True


def _stars(context: Context, scope: Scope) -> tuple[str, tuple[Field, ...], bool]:
    context.count("star")
    if context.has("star_except") and context.chance(25) and len(scope.relations) == 1:
        return _partial_star(context, scope)
    if context.chance(50):
        return "*", tuple(f for r in scope.relations for f in r.fields), scope.is_sized
    relation = context.pick(scope.relations)
    return f"{context.spelt(relation.name)}.*", relation.fields, scope.is_sized


def _partial_star(context: Context, scope: Scope) -> tuple[str, tuple[Field, ...], bool]:
    """Leave a column out of a star, or put an expression in its place."""
    (relation,) = scope.relations
    if len(relation.fields) < 2 or relation.usable != relation.fields:
        return "*", relation.fields, scope.is_sized
    field = context.pick(relation.fields)
    name = context.spelt(field.name)
    if context.has("star_replace") and context.chance(50):
        context.count("star_replace")
        made = expression(context, scope, field.kind, 1)
        return f"* REPLACE ({made} AS {name})", relation.fields, scope.is_sized
    context.count("star_except")
    word = "EXCEPT" if context.world.dialect == "doris" else "EXCLUDE"
    others = tuple(each for each in relation.fields if each is not field)
    return f"* {word} ({name})", others, scope.is_sized


def _reused(context: Context, before: Field) -> tuple[str, Field]:
    """Read the name of a column that the same SELECT makes."""
    context.count("alias_reuse")
    name = context.fresh("c")
    text = f"COALESCE({context.spelt(before.name)}, {plain(context, before.kind)})"
    return f"{text} AS {name}", Field(name, before.kind)


def _projection(context: Context, scope: Scope, kind: Kind, named: list[str] | None) -> tuple[str, Field]:
    text = (
        window(context, scope, kind, named)
        if named is not None and context.chance(60)
        else expression(context, scope, kind)
    )
    if text.startswith("(SELECT "):
        context.count("select_subquery")
    name = context.fresh("c")
    if context.chance(8):
        name = context.pick(("order_id", "user_no", "n", "")) or context.fresh_quoted()
    return f"{text} AS {context.spelt(name)}", Field(name, kind)
