"""Conditions: comparisons with what occurs and what hides, and every form that holds a subquery."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.generator_context import Context, Relation, Scope
from tests.support.generator_expressions import RISKY, call, expression, leaf, literal_near
from tests.support.generator_functions import functions
from tests.support.generator_names import column, denied_column
from tests.support.generator_schema import Field, Kind

COMPARED = (Kind.TEXT, Kind.INT, Kind.MONEY, Kind.TIME, Kind.DATE)
OPERATORS = (">=", "<=", "<>", "<>", ">", "<", "=")  # mostly such as leave rows to compare
DENIED_PERCENT = 2


def predicate(context: Context, scope: Scope, depth: int = 2) -> str:
    """Return a condition over the scope."""
    if context.is_risky and context.chance(30):
        return _risky_compare(context, scope)
    if depth > 0 and context.chance(20):
        return _compound(context, scope, depth - 1)
    if context.may_nest and context.chance(14):
        return context.pick(NESTED)(context, scope, max(depth - 1, 0))
    return context.pick(SIMPLE)(context, scope, depth)


def _kind(context: Context, scope: Scope) -> Kind:
    """Return a kind that some column in reach has, so that conditions are about data."""
    kinds = [kind for kind in COMPARED if any(f.kind is kind for r in scope.relations for f in r.usable)]
    return context.pick(kinds or COMPARED)


def _compound(context: Context, scope: Scope, depth: int) -> str:
    left, right = predicate(context, scope, depth), predicate(context, scope, depth)
    if context.chance(12):
        test = context.count("truth", context.pick(("IS TRUE", "IS NOT TRUE", "IS NOT FALSE")))
        return f"(({left}) {test} {context.pick(('OR', 'AND'))} {right})"
    if context.has("xor") and context.chance(12):
        return context.count("xor", f"({left} XOR {right})")
    front, word = context.pick((("", "OR"), ("", "AND"), ("", "OR"), ("NOT ", "AND")))
    return f"{front}({left} {word} {right})"


def _compare(context: Context, scope: Scope, depth: int) -> str:
    kind = _kind(context, scope)
    left = expression(context, scope, kind, depth)
    right = (
        literal_near(context, scope, kind) if context.chance(65) else expression(context, scope, kind, depth)
    )
    return f"{left} {context.pick(OPERATORS)} {right}"


def _risky_compare(context: Context, scope: Scope) -> str:
    """Return a comparison that may fail on some rows, hidden ones before all."""
    context.count("risky")
    if context.chance(70):
        probe = _probe(context, scope)
        if probe:
            return probe
    made = context.pick(RISKY[Kind.INT])(context, scope, 0)
    return f"{made} {context.pick(OPERATORS)} {context.number(0, 3)}"


def _probe(context: Context, scope: Scope) -> str:
    """Return what an attacker writes: pick out hidden rows by a value, and fail on them alone."""
    found = [
        (_name(context, relation, key), key, _name(context, relation, text))
        for relation in scope.relations
        for key in relation.usable
        for text in relation.usable
        if key.kind is Kind.INT and key.literals and text.kind is Kind.TEXT
    ]
    if not found:
        return ""
    context.count("probe")
    name, key, text = context.pick(found)
    hidden = key.literals[-1] if context.chance(60) else context.pick(key.literals)
    cast = f"CAST({text} AS {context.world.features.whole})"
    return f"({name} {context.pick(('=', '<=', '>='))} {hidden} AND {cast} > {context.number(0, 3)})"


def _name(context: Context, relation: Relation, field: Field) -> str:
    return f"{context.spelt(relation.name)}.{context.spelt(field.name)}"


def _in_list(context: Context, scope: Scope, depth: int) -> str:
    context.count("in_list")
    if context.has("row_in_list") and context.chance(15):
        return _row_in_list(context, scope)
    kind = _kind(context, scope)
    values = ", ".join(literal_near(context, scope, kind) for _ in range(context.number(1, 3)))
    return f"{leaf(context, scope, kind)}{context.pick(('', ' NOT'))} IN ({values})"


def _row_in_list(context: Context, scope: Scope) -> str:
    context.count("row_in_list")
    kinds = [_kind(context, scope), _kind(context, scope)]
    left = ", ".join(leaf(context, scope, kind) for kind in kinds)
    rows = [
        f"({', '.join(literal_near(context, scope, kind) for kind in kinds)})"
        for _ in range(context.number(1, 3))
    ]
    return f"({left}){context.pick(('', ' NOT'))} IN ({', '.join(rows)})"


def _between(context: Context, scope: Scope, depth: int) -> str:
    context.count("between")
    kind = context.pick((Kind.INT, Kind.MONEY, Kind.TIME, Kind.DATE, Kind.TEXT))
    low, high = literal_near(context, scope, kind), literal_near(context, scope, kind)
    return f"{expression(context, scope, kind, depth)} {context.pick(('', 'NOT '))}BETWEEN {low} AND {high}"


def _like(context: Context, scope: Scope, depth: int) -> str:
    context.count("like")
    pattern = context.pick(("'%1%'", "'***%'", "'%@example.com'", "'_%'", "'US%'", "'%0100'"))
    return f"{leaf(context, scope, Kind.TEXT)}{context.pick(('', ' NOT'))} LIKE {pattern}"


def _is_null(context: Context, scope: Scope, depth: int) -> str:
    context.count("is_null")
    return f"{expression(context, scope, _kind(context, scope), depth)} IS {context.pick(('', 'NOT '))}NULL"


def _bool_column(context: Context, scope: Scope, depth: int) -> str:
    found = column(context, scope, Kind.BOOL)
    return found[0] if found else _compare(context, scope, depth)


def _function(context: Context, scope: Scope, depth: int) -> str:
    forms = functions(context.world.dialect, Kind.BOOL)
    return call(context, scope, context.pick(forms), max(depth - 1, 0))


def _denied(context: Context, scope: Scope, depth: int) -> str:
    """Now and then ask about a column that must not exist; mostly compare."""
    name = denied_column(context, scope) if context.chance(DENIED_PERCENT * 5) else None
    return f"{name} IS NOT NULL" if name else _compare(context, scope, depth)


def exists(context: Context, scope: Scope, depth: int) -> str:
    """Return EXISTS or NOT EXISTS over a query that may look outside."""
    context.count("exists")
    before = context.seen["correlated"]
    inner = context.subquery(context, scope, None).text
    if context.seen["correlated"] > before:
        context.count("correlated_exists")
    return f"{context.pick(('', 'NOT '))}EXISTS ({inner})"


def _in_subquery(context: Context, scope: Scope, depth: int) -> str:
    context.count("in_subquery")
    kind = _kind(context, scope)
    left = leaf(context, scope, kind)
    return f"{left}{context.pick(('', ' NOT'))} IN ({context.subquery(context, scope, [kind]).text})"


def _row_in_subquery(context: Context, scope: Scope, depth: int) -> str:
    if not context.has("row_in_subquery"):
        return _in_subquery(context, scope, depth)
    context.count("row_in_subquery")
    kinds = [_kind(context, scope), _kind(context, scope)]
    left = ", ".join(leaf(context, scope, kind) for kind in kinds)
    return f"({left}) IN ({context.subquery(context, scope, kinds).text})"


def _scalar(context: Context, scope: Scope, depth: int) -> str:
    context.count("scalar_subquery")
    kind = context.pick((Kind.INT, Kind.MONEY, Kind.TEXT))
    left = expression(context, scope, kind, depth)
    return f"{left} {context.pick(OPERATORS)} ({context.subquery(context, scope, [kind], one_row=True).text})"


def _quantified(context: Context, scope: Scope, depth: int) -> str:
    if not context.has("quantified"):
        return exists(context, scope, depth)
    context.count("quantified")
    kind = _kind(context, scope)
    word = context.pick(("ANY", "ALL"))
    inner = context.subquery(context, scope, [kind]).text
    return f"{leaf(context, scope, kind)} {context.pick(OPERATORS)} {word} ({inner})"


SIMPLE: tuple[Callable[[Context, Scope, int], str], ...] = (
    *(_compare, _compare, _compare, _in_list, _between, _like, _is_null, _bool_column, _function, _denied),
)
NESTED: tuple[Callable[[Context, Scope, int], str], ...] = (
    *(exists, exists, _in_subquery, _scalar, _quantified, _row_in_subquery),
)
