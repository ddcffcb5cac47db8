"""Scalar expressions of a wanted kind. Risky ones may fail on some rows: casts, divisions, overflow."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.generator_context import Context, Scope
from tests.support.generator_functions import Function, functions
from tests.support.generator_names import column
from tests.support.generator_schema import Kind, time_type

Maker = Callable[[Context, Scope, int], str]

PLAIN = {
    Kind.INT: ("0", "1", "2", "90", "50", "10001"),
    Kind.MONEY: ("0.00", "3.45", "6.75", "100.5"),
    Kind.FLOAT: ("0.5", "40.7"),
    Kind.TEXT: ("'USD'", "'NZD'", "'US'", "'[redacted]'", "'***'", "'2'", "''"),
    Kind.TIME: ("CAST('2026-02-13 12:00:00' AS {time})", "CAST('2025-12-01 00:00:00' AS {time})"),
    Kind.DATE: ("DATE '2026-02-13'", "DATE '1999-01-02'"),
    Kind.BOOL: ("TRUE", "FALSE"),
}


def expression(context: Context, scope: Scope, kind: Kind, depth: int = 2) -> str:
    """Return an expression of the kind; a plain column or literal when the depth is used up."""
    if depth > 0 and context.chance(55 if context.is_risky and kind in RISKY else 30):
        if context.is_risky and kind in RISKY and context.chance(75):
            context.count("risky")
            return context.pick(RISKY[kind])(context, scope, depth - 1)
        calls = functions(context.world.dialect, kind)
        if calls and context.chance(65):
            return call(context, scope, context.pick(calls), depth - 1)
        return context.pick(MAKERS)(context, scope, kind, depth - 1)
    return leaf(context, scope, kind)


def leaf(context: Context, scope: Scope, kind: Kind) -> str:
    """Return a column, or a literal where no column fits."""
    found = column(context, scope, kind)
    if found is None or context.chance(3):
        return plain(context, kind)
    return found[0]


def literal_near(context: Context, scope: Scope, kind: Kind) -> str:
    """Return a literal that occurs in a column of the kind, or hides there."""
    found = column(context, scope, kind)
    options = found[1].literals if found is not None else ()
    return context.pick(options) if options and not context.chance(20) else plain(context, kind)


def plain(context: Context, kind: Kind) -> str:
    """Return a literal that says nothing about any column."""
    return context.pick(PLAIN[kind]).replace("{time}", time_type(context.world.dialect))


def call(context: Context, scope: Scope, form: Function, depth: int) -> str:
    """Return a form with expressions filled in, now and then one of them a subquery."""
    context.count(form.seen)
    text = form.text
    for place, kind in enumerate(form.takes):
        if context.may_nest and context.chance(4):
            context.count("argument_subquery")
            argument = scalar_subquery(context, scope, kind, depth)
        else:
            argument = expression(context, scope, kind, depth)
        text = text.replace(f"{{{place}}}", argument)
    return text


def _case(context: Context, scope: Scope, kind: Kind, depth: int) -> str:
    from tests.support.generator_predicates import predicate

    context.count("case")
    if context.chance(20):
        return _simple_case(context, scope, kind)
    condition = predicate(context, scope, depth)
    chosen = expression(context, scope, kind, depth)
    if context.may_nest and context.chance(12):
        context.count("case_subquery")
        return f"CASE WHEN {condition} THEN {chosen} ELSE {scalar_subquery(context, scope, kind, depth)} END"
    other = expression(context, scope, kind, depth)
    more = (
        f" WHEN {predicate(context, scope, 0)} THEN {leaf(context, scope, kind)}"
        if context.chance(20)
        else ""
    )
    return f"CASE WHEN {condition} THEN {chosen}{more} ELSE {other} END"


def _simple_case(context: Context, scope: Scope, kind: Kind) -> str:
    context.count("simple_case")
    compared = context.pick((Kind.TEXT, Kind.INT))
    whens = " ".join(
        f"WHEN {literal_near(context, scope, compared)} THEN {leaf(context, scope, kind)}"
        for _ in range(context.number(1, 2))
    )
    other = f" ELSE {leaf(context, scope, kind)}" if context.chance(70) else ""
    return f"CASE {leaf(context, scope, compared)} {whens}{other} END"


def _coalesce(context: Context, scope: Scope, kind: Kind, depth: int) -> str:
    context.count("coalesce")
    left, right = expression(context, scope, kind, depth), expression(context, scope, kind, depth)
    return f"COALESCE({left}, {right})"


def _nullif(context: Context, scope: Scope, kind: Kind, depth: int) -> str:
    context.count("nullif")
    return f"NULLIF({expression(context, scope, kind, depth)}, {literal_near(context, scope, kind)})"


def scalar_subquery(context: Context, scope: Scope, kind: Kind, depth: int) -> str:
    """Return a subquery that gives one row, or a leaf when the budget is used up."""
    if not context.may_nest:
        return leaf(context, scope, kind)
    context.count("scalar_subquery")
    return f"({context.subquery(context, scope, [kind], one_row=True).text})"


def _cast(context: Context, scope: Scope, kind: Kind, depth: int) -> str:
    """Cast what cannot fail: numbers to text, times to days, anything to its own kind."""
    types = context.world.features
    if context.has("cast_operator") and context.chance(40):
        return _cast_operator(context, scope, kind, depth)
    if kind is Kind.TEXT:
        return f"CAST({expression(context, scope, Kind.INT, depth)} AS {context.count('cast', types.text)})"
    if kind is Kind.MONEY:
        return (
            f"CAST({expression(context, scope, kind, depth)} AS {context.count('cast', types.decimal)}(20,2))"
        )
    if kind is Kind.INT:
        return f"CAST({leaf(context, scope, kind)} AS {context.count('cast', types.big)})"
    return expression(context, scope, kind, depth)


def _cast_operator(context: Context, scope: Scope, kind: Kind, depth: int) -> str:
    types = context.world.features
    into = {Kind.TEXT: types.text, Kind.MONEY: f"{types.decimal}(20,2)", Kind.INT: types.big}
    if kind not in into:
        return expression(context, scope, kind, depth)
    context.count("cast_operator")
    return f"({leaf(context, scope, Kind.INT if kind is Kind.TEXT else kind)})::{into[kind]}"


def _risky_call(template: str, kind: Kind) -> Maker:
    """Fill `{}` with an expression of `kind`, and names of types."""

    def make(context: Context, scope: Scope, depth: int) -> str:
        types = context.world.features
        names = {"whole": types.whole, "big": types.big, "time": types.time, "decimal": types.decimal}
        text = template.replace("{}", expression(context, scope, kind, depth))
        for name, type_ in names.items():
            text = text.replace(f"<{name}>", type_)
        return text

    return make


def _product(context: Context, scope: Scope, depth: int) -> str:
    left, right = expression(context, scope, Kind.INT, depth), expression(context, scope, Kind.INT, depth)
    return f"({left} * {right})"


def _division(context: Context, scope: Scope, depth: int) -> str:
    """Divide by a difference that is zero on hidden rows."""
    divisor = f"({leaf(context, scope, Kind.INT)} - {literal_near(context, scope, Kind.INT)})"
    return f"FLOOR({context.pick(('1', '100'))} / {divisor})"


def _several_rows(context: Context, scope: Scope, depth: int) -> str:
    table = context.pick(context.world.tables)
    fields = [each for each in table.fields if each.kind is Kind.INT]
    if not fields:
        return leaf(context, scope, Kind.INT)
    field = context.pick(fields)
    condition = f"sv.{field.name} > {literal_near(context, scope, Kind.INT)}"
    return f"(SELECT sv.{field.name} FROM {table.schema}.{table.name} AS sv WHERE {condition})"


MAKERS: tuple[Callable[[Context, Scope, Kind, int], str], ...] = (
    *(_case, _coalesce, _nullif, scalar_subquery, scalar_subquery, _cast),
)
RISKY: dict[Kind, tuple[Maker, ...]] = {
    Kind.INT: (
        _risky_call("CAST({} AS <whole>)", Kind.TEXT),
        _risky_call("CAST({} AS <big>)", Kind.TEXT),
        _risky_call("CAST({} AS <whole>)", Kind.MONEY),
        _product,
        _risky_call("(9223372036854775000 + {})", Kind.INT),
        _division,
        _several_rows,
    ),
    Kind.MONEY: (
        _risky_call("CAST({} AS <decimal>(10,2))", Kind.TEXT),
        _risky_call("CAST({} AS <decimal>(6,2))", Kind.MONEY),
        _risky_call("SQRT({})", Kind.MONEY),
        _risky_call("EXP({})", Kind.MONEY),
    ),
    Kind.TIME: (_risky_call("CAST({} AS <time>)", Kind.TEXT),),
    Kind.DATE: (_risky_call("CAST({} AS DATE)", Kind.TEXT),),
}
