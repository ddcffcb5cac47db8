"""Columns as text: qualified or not, in other cases, quoted, with the schema, or by a name that is denied."""

from __future__ import annotations

from collections import Counter

from tests.support.generator_context import Context, Relation, Scope
from tests.support.generator_schema import Field, Kind

ODD_SPELLING_PERCENT = 6


def column(context: Context, scope: Scope, kind: Kind) -> tuple[str, Field] | None:
    """Return a column of that kind that is in reach, as text; None when there is none."""
    found = _reachable(scope, kind)
    if not found:
        return None
    relation, field, is_outer = context.pick(found)
    if is_outer:
        context.seen["correlated"] += 1
    return _text(context, scope, relation, field, is_outer), field


def _reachable(scope: Scope, kind: Kind) -> list[tuple[Relation, Field, bool]]:
    """Return columns of this query twice, so that those from outside are the rarer."""
    inner = [(r, f, False) for r in scope.relations for f in r.usable if f.kind is kind]
    names = {relation.name.lower() for relation in scope.relations}
    outer: list[tuple[Relation, Field, bool]] = []
    around = scope.outer
    while around is not None:
        outer += [(r, f, True) for r in around.relations if r.name.lower() not in names for f in r.usable]
        names |= {relation.name.lower() for relation in around.relations}
        around = around.outer
    return inner * 2 + [each for each in outer if each[1].kind is kind]


def _text(context: Context, scope: Scope, relation: Relation, field: Field, is_outer: bool) -> str:
    name = _spelt(context, field.name)
    if not is_outer and is_plain(scope, field.name) and context.chance(45):
        return name
    lacks = context.world.lacks
    qualifier = context.spelt(relation.name) if "odd_alias" in lacks else _spelt(context, relation.name)
    if relation.schema and context.chance(10):
        context.count("schema_column")
        qualifier = f"{relation.schema}.{relation.name}"
    return f"{qualifier}.{name}"


def is_plain(scope: Scope, name: str) -> bool:
    """Whether the name without qualifier means one column."""
    counts = Counter(f.name.lower() for relation in scope.relations for f in relation.fields)
    return counts[name.lower()] == 1 or name.lower() in scope.merged


def _spelt(context: Context, name: str) -> str:
    if " " in name or not context.chance(ODD_SPELLING_PERCENT):
        return context.spelt(name)
    if context.chance(50):
        return context.count("quoted", context.world.quoted(name))
    return context.count("odd_case", name.upper())


def denied_column(context: Context, scope: Scope) -> str | None:
    """Return a column that the role must not have, for a table that is in FROM."""
    denied = [(t.name, name) for t in context.world.tables for name in t.denied]
    reach = [name for table, name in denied if any(r.name.lower() == table for r in scope.relations)]
    return context.pick(reach) if reach else None
