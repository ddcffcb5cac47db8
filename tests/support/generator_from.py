"""FROM clauses: base tables under every spelling, WITH entries, derived tables, and all kinds of joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.support.generator_context import Context, Relation, Scope
from tests.support.generator_predicates import exists, predicate
from tests.support.generator_relations import base, item, own_rows
from tests.support.generator_schema import Field, Kind

KEYS = ("order_id", "user_no", "shop_id", "id", "shop_dept_id", "store_key")
Joined = tuple[str, Scope]


def from_clause(context: Context, outer: Scope) -> Joined:
    """Return the text behind FROM, and the scope it makes; `outer` is what surrounds the query."""
    text, scope = _first(context, outer)
    for _ in range(_joins(context)):
        context.count("join")
        text, scope = context.pick(JOINS)(context, outer, text, scope)
    if context.has("lateral") and len(scope.relations) < 3 and context.may_nest and context.chance(4):
        context.count("join")
        text, scope = _lateral(context, text, scope)
    return text, scope


def keyed_from(context: Context, outer: Scope) -> Joined:
    """Return one base table, whose key makes every order of its rows a total one."""
    text, relation = base(context, outer, ())
    return text, Scope(relations=(relation,), outer=outer.outer, ctes=outer.ctes)


def _joins(context: Context) -> int:
    return context.pick((0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2))


def _first(context: Context, outer: Scope) -> Joined:
    text, relation = item(context, outer, ())
    scope = Scope(relations=(relation,), outer=outer.outer, ctes=outer.ctes)
    return text, scope


def _right(context: Context, outer: Scope, scope: Scope) -> tuple[str, Relation]:
    return item(context, outer, scope.relations)


def _plus(
    scope: Scope, relation: Relation, merged: frozenset[str] = frozenset(), *, sized: bool = True
) -> Scope:
    return replace(
        scope,
        relations=(*scope.relations, relation),
        merged=scope.merged | merged,
        is_sized=scope.is_sized and sized,
    )


SIDES = (
    *(("inner", "JOIN"), ("inner", "INNER JOIN"), ("left", "LEFT JOIN"), ("right", "RIGHT JOIN")),
    *(("left", "LEFT OUTER JOIN"), ("full", "FULL JOIN"), ("full", "FULL OUTER JOIN")),
)


def _side(context: Context) -> str:
    return context.count(*context.pick([side for side in SIDES if context.has(side[0])]))


def _on(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = _right(context, outer, scope)
    both = _plus(scope, relation)
    return f"{text} {_side(context)} {right} ON {_condition(context, scope, relation, both)}", both


def _condition(context: Context, left: Scope, relation: Relation, both: Scope) -> str:
    """Join on equal keys where there are any, so that joins give rows and not products."""
    pairs = [
        (_name(context, other, field), _name(context, relation, match))
        for other in left.relations
        for field in other.usable
        for match in relation.usable
        if field.kind is match.kind and field.name == match.name and field.name in KEYS
    ]
    if not pairs or context.chance(5):
        return _any_condition(context, left, relation)
    first, second = context.pick(pairs)
    if context.chance(4):
        return f"{first} {context.count('unequal_join', context.pick(('<=', '>')))} {second}"
    extra = f" AND {predicate(context, both, 1)}" if context.chance(25) else ""
    if context.may_nest and context.chance(5):
        context.count("on_subquery")
        extra += f" AND {exists(context, both, 1)}"
    return f"{first} = {second}{extra}"


def _any_condition(context: Context, left: Scope, relation: Relation) -> str:
    """Compare one side with the other, so that the join is no product in disguise."""
    pairs = [
        f"{_name(context, other, field)} = {_name(context, relation, match)}"
        for other in left.relations
        for field in other.usable
        for match in relation.usable
        if field.kind is match.kind
    ]
    return context.pick(pairs) if pairs else "1 = 0"


def _name(context: Context, relation: Relation, field: Field) -> str:
    return f"{context.spelt(relation.name)}.{context.spelt(field.name)}"


def _common(left: Scope, relation: Relation) -> list[str]:
    """Return names that exactly one column on each side has."""
    names = [f.name.lower() for r in left.relations for f in r.fields]
    right = [f.name.lower() for f in relation.fields]
    single = [
        f for f in relation.usable if names.count(f.name.lower()) == 1 and right.count(f.name.lower()) == 1
    ]
    return [field.name for field in single]


def _using(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = _right(context, outer, scope)
    common = [name for name in _common(scope, relation) if name in KEYS]
    if not common or scope.merged:
        both = _plus(scope, relation)
        return f"{text} {_side(context)} {right} ON {_condition(context, scope, relation, both)}", both
    context.count("using")
    names = [context.pick(common)]
    others = [name for name in common if name not in names]
    if others and context.chance(50):
        context.count("using_several")
        names.append(context.pick(others))
    merged = frozenset(name.lower() for name in names)
    both = _plus(scope, relation, merged, sized=False)
    return f"{text} {_side(context)} {right} USING ({', '.join(names)})", both


def _natural(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = _right(context, outer, scope)
    names = [f.name.lower() for r in scope.relations for f in r.fields]
    repeated = len(set(names)) < len(names) or len(relation.usable) < len(relation.fields)
    common = [f.name.lower() for f in relation.fields if f.name.lower() in names]
    if repeated or scope.merged or not common or not context.has("natural"):
        context.count("cross")
        return f"{text} CROSS JOIN {right}", _plus(scope, relation)
    context.count("natural")
    words = ["NATURAL JOIN", "NATURAL LEFT JOIN", "NATURAL INNER JOIN", "NATURAL RIGHT JOIN"]
    word = context.pick([*words, "NATURAL FULL JOIN"] if context.has("full") else words)
    return f"{text} {word} {right}", _plus(scope, relation, frozenset(common), sized=False)


def _cross(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = _right(context, outer, scope)
    words = [("cross", " CROSS JOIN "), ("comma", ", ")]
    if context.world.dialect == "mysql":
        words += [("bare_join", " JOIN "), ("straight", " STRAIGHT_JOIN ")]
    return f"{text}{context.count(*context.pick(words))}{right}", _plus(scope, relation)


def _own_rows(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = own_rows(context)
    both = _plus(scope, relation)
    return f"{text} {_side(context)} {right} ON {_any_condition(context, scope, relation)}", both


def _parenthesised(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    """Nest the right side, `a LEFT JOIN (b JOIN c ON …) ON …`: the second table hangs on the first's node."""
    right, relation = _right(context, outer, scope)
    inner = Scope(relations=(relation,), outer=outer.outer, ctes=outer.ctes)
    more, another = item(context, outer, (*scope.relations, relation))
    pair = _plus(inner, another)
    word = context.pick(("JOIN", "LEFT JOIN"))
    nested = f"({right} {word} {more} ON {_condition(context, inner, another, pair)})"
    context.count("parenthesised")
    both = _plus(scope, relation)
    condition = _condition(context, scope, relation, both)
    return f"{text} {_side(context)} {nested} ON {condition}", _plus(both, another)


def _wrapped(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    """Put what is there already in parentheses, as some report tools do."""
    text, both = _on(context, outer, text, scope)
    return f"({text})", both


def _half(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    """Keep rows of the left side by whether the right one has a match; nothing of the right is shown."""
    if not context.has("semi"):
        return _on(context, outer, text, scope)
    right, relation = _right(context, outer, scope)
    condition = _condition(context, scope, relation, _plus(scope, relation))
    side = "LEFT " if context.world.dialect == "doris" else ""
    word = context.count(*context.pick((("semi", "SEMI JOIN"), ("anti", "ANTI JOIN"))))
    return f"{text} {side}{word} {right} ON {condition}", scope


def _as_of(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    """Find the row before by the right table's key, which no two rows have alike."""
    if not context.has("asof"):
        return _on(context, outer, text, scope)
    right, relation = base(context, outer, scope.relations)
    (key,) = [field for field in relation.fields if field.name == relation.key] or [None]
    pairs = [
        _name(context, other, field)
        for other in scope.relations
        for field in other.usable
        if key is not None and key.kind is field.kind is Kind.INT
    ]
    both = _plus(scope, relation)
    if not pairs or key is None:
        return f"{text} JOIN {right} ON {_condition(context, scope, relation, both)}", both
    side = context.pick(("", " LEFT"))
    condition = f"{context.pick(pairs)} >= {_name(context, relation, key)}"
    return f"{text} ASOF{side}{context.count('asof', ' JOIN ')}{right} ON {condition}", both


def _lateral(context: Context, text: str, scope: Scope) -> Joined:
    around = Scope(outer=scope, ctes=scope.ctes)
    written = context.subquery(context, around, None)
    relation = Relation(context.fresh("l"), written.fields)
    form = context.pick(
        (", LATERAL ({}) AS {}", " LEFT JOIN LATERAL ({}) AS {} ON TRUE", " CROSS JOIN LATERAL ({}) AS {}")
    )
    context.count("lateral")
    front, middle, back = form.split("{}")
    return f"{text}{front}{written.text}{middle}{relation.name}{back}", _plus(
        scope, relation, sized=written.is_sized
    )


JOINS: tuple[Callable[[Context, Scope, str, Scope], Joined], ...] = (
    *(_on, _on, _on, _on, _using, _using, _natural, _cross, _parenthesised, _wrapped, _own_rows),
    *(_half, _as_of),
)
