"""FROM clauses: base tables under every spelling, WITH entries, derived tables, and all kinds of joins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.support.generator_context import Context, Relation, Scope
from tests.support.generator_predicates import exists, predicate
from tests.support.generator_schema import Field, Kind, TableShape

KEYS = ("order_id", "user_no", "shop_id", "id")
TRAP_ALIASES = ("t_order_item", "t_user", "t_user_profile", "order_id", "T_Sales_Order_M", "user_no")
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
    text, relation = _base(context, outer, ())
    return text, Scope(relations=(relation,), outer=outer.outer, ctes=outer.ctes)


def _joins(context: Context) -> int:
    return context.pick((0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2))


def _first(context: Context, outer: Scope) -> Joined:
    text, relation = item(context, outer, ())
    scope = Scope(relations=(relation,), outer=outer.outer, ctes=outer.ctes)
    return text, scope


def item(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    """Return one thing to read from, under a name that is not taken in this FROM."""
    if outer.ctes and context.chance(60):
        return _cte(context, outer, taken)
    if context.may_nest and context.chance(9):
        return _derived(context, outer, taken)
    return _base(context, outer, taken)


def _base(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    table = context.pick(context.world.tables)
    text, _ = _table_text(context, outer, table)
    alias = _alias(context, taken, table.name)
    if any(each.key == table.key and each.fields == table.fields for each in taken):
        context.count("self")
    if alias is None:
        return text, Relation(table.name, table.fields, schema=table.schema, key=table.key)
    if context.has("values") and context.chance(8):
        return _with_column_list(context, f"{text} AS {alias}", Relation(alias, table.fields))
    word = context.pick((" AS ", " "))
    return f"{text}{word}{alias}", Relation(alias, table.fields, key=table.key)


def _table_text(context: Context, outer: Scope, table: TableShape) -> tuple[str, bool]:
    if outer.shadows(table.name) or context.chance(35):
        quoted = context.world.quoted
        if context.chance(20):
            context.count("quoted")
            return f"{quoted(table.schema)}.{quoted(table.name)}", True
        return f"{table.schema}.{table.name}", True
    if context.chance(20):
        spelt = context.pick((("odd_case", table.name.upper()), ("quoted", context.world.quoted(table.name))))
        return context.count(*spelt), False
    return table.name, False


def _alias(context: Context, taken: Sequence[Relation], name: str) -> str | None:
    """Return None where the table's own name will do."""
    names = {relation.name.lower() for relation in taken}
    if name.lower() not in names and context.chance(35):
        return None
    traps = [trap for trap in TRAP_ALIASES if trap.lower() not in names]
    return context.pick(traps) if context.chance(15) else context.fresh("t")


def _with_column_list(context: Context, text: str, relation: Relation) -> tuple[str, Relation]:
    """Rename columns by position, which slides if the guard shows another column order."""
    context.count("column_list")
    fields = tuple(replace(each, name=context.fresh("p")) for each in relation.fields)
    return f"{text}({', '.join(each.name for each in fields)})", replace(relation, fields=fields, schema="")


def _cte(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    cte = context.pick(outer.ctes)
    context.count("cte_read")
    name = next(each for each in outer.ctes if each.name.lower() == cte.name.lower())
    alias = _alias(context, taken, name.name)
    spelt = name.name.upper() if context.chance(8) else name.name
    return (
        (spelt, Relation(name.name, name.fields))
        if alias is None
        else (
            f"{spelt} AS {alias}",
            Relation(alias, name.fields),
        )
    )


def _derived(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    context.count("derived")
    around = Scope(outer=outer.outer, ctes=outer.ctes)
    written = context.subquery(context, around, None)
    relation = Relation(context.fresh("d"), written.fields)
    text = f"({written.text}) AS {relation.name}"
    if written.is_sized and context.chance(12):
        return _with_column_list(context, text, relation)
    return text, relation


def _values(context: Context) -> tuple[str, Relation]:
    """Return a few rows of the query's own."""
    context.count("own_rows")
    name = context.fresh("v")
    fields = (Field("k", Kind.INT, ("1", "90")), Field("s", Kind.TEXT, ("'USD'", "'2'")))
    if not context.has("values"):
        return f"(SELECT 90 AS k, 'USD' AS s UNION ALL SELECT 1, '2') AS {name}", Relation(name, fields)
    context.count("values")
    return f"(VALUES (90, 'USD'), (1, '2')) AS {name}(k, s)", Relation(name, fields)


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
        (f"{other.name}.{field.name}", f"{relation.name}.{match.name}")
        for other in left.relations
        for field in other.usable
        for match in relation.usable
        if field.kind is match.kind and field.name == match.name and field.name in KEYS
    ]
    if not pairs or context.chance(5):
        return _any_condition(context, left, relation)
    first, second = context.pick(pairs)
    extra = f" AND {predicate(context, both, 1)}" if context.chance(25) else ""
    if context.may_nest and context.chance(5):
        context.count("on_subquery")
        extra += f" AND {exists(context, both, 1)}"
    return f"{first} = {second}{extra}"


def _any_condition(context: Context, left: Scope, relation: Relation) -> str:
    """Compare one side with the other, so that the join is no product in disguise."""
    pairs = [
        f"{other.name}.{field.name} = {relation.name}.{match.name}"
        for other in left.relations
        for field in other.usable
        for match in relation.usable
        if field.kind is match.kind
    ]
    return context.pick(pairs) if pairs else "1 = 0"


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
    name = context.pick(common)
    return f"{text} {_side(context)} {right} USING ({name})", _plus(
        scope, relation, frozenset({name.lower()}), sized=False
    )


def _natural(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = _right(context, outer, scope)
    names = [f.name.lower() for r in scope.relations for f in r.fields]
    repeated = len(set(names)) < len(names) or len(relation.usable) < len(relation.fields)
    common = [f.name.lower() for f in relation.fields if f.name.lower() in names]
    if repeated or scope.merged or not common or not context.has("natural"):
        context.count("cross")
        return f"{text} CROSS JOIN {right}", _plus(scope, relation)
    context.count("natural")
    word = context.pick(("NATURAL JOIN", "NATURAL LEFT JOIN"))
    return f"{text} {word} {right}", _plus(scope, relation, frozenset(common), sized=False)


def _cross(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = _right(context, outer, scope)
    words = [("cross", " CROSS JOIN "), ("comma", ", ")]
    if context.world.dialect == "mysql":
        words += [("cross", " JOIN "), ("cross", " STRAIGHT_JOIN ")]
    return f"{text}{context.count(*context.pick(words))}{right}", _plus(scope, relation)


def _own_rows(context: Context, outer: Scope, text: str, scope: Scope) -> Joined:
    right, relation = _values(context)
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
)
