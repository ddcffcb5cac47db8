"""Scalar expressions of a wanted kind. Risky ones may fail on some rows: casts, divisions, overflow."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.generator_context import Context, Scope
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
        makers = MAKERS.get(kind, ())
        if context.is_risky and kind in RISKY and context.chance(75):
            context.seen["risky"] += 1
            return context.pick(RISKY[kind])(context, scope, depth - 1)
        if makers:
            return context.pick(makers)(context, scope, depth - 1)
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


def _case(kind: Kind) -> Maker:
    def make(context: Context, scope: Scope, depth: int) -> str:
        from tests.support.generator_predicates import predicate

        condition = predicate(context, scope, depth)
        chosen, other = expression(context, scope, kind, depth), expression(context, scope, kind, depth)
        return f"CASE WHEN {condition} THEN {chosen} ELSE {other} END"

    return make


def _coalesce(kind: Kind) -> Maker:
    return lambda c, s, d: f"COALESCE({expression(c, s, kind, d)}, {expression(c, s, kind, d)})"


def _nullif(kind: Kind) -> Maker:
    return lambda c, s, d: f"NULLIF({expression(c, s, kind, d)}, {literal_near(c, s, kind)})"


def _scalar_subquery(kind: Kind) -> Maker:
    def make(context: Context, scope: Scope, depth: int) -> str:
        if not context.may_nest:
            return leaf(context, scope, kind)
        return f"({context.subquery(context, scope, [kind], one_row=True).text})"

    return make


def _binary(kind: Kind, operators: str) -> Maker:
    def make(context: Context, scope: Scope, depth: int) -> str:
        left, right = expression(context, scope, kind, depth), expression(context, scope, kind, depth)
        return f"({left} {context.pick(operators.split())} {right})"

    return make


def _call(template: str, kind: Kind) -> Maker:
    """Fill `{}` with an expression of `kind`."""
    return lambda c, s, d: template.replace("{}", expression(c, s, kind, d))


def _cast(kind: Kind, mysql: str, postgres: str) -> Maker:
    def make(context: Context, scope: Scope, depth: int) -> str:
        value = expression(context, scope, kind, depth)
        return f"CAST({value} AS {mysql if context.world.is_mysql else postgres})"

    return make


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


def _common(kind: Kind) -> tuple[Maker, ...]:
    return (_case(kind), _coalesce(kind), _nullif(kind), _scalar_subquery(kind))


MAKERS: dict[Kind, tuple[Maker, ...]] = {
    Kind.INT: (
        _binary(Kind.INT, "+ -"),
        _call("CHAR_LENGTH({})", Kind.TEXT),
        _call("EXTRACT(DAY FROM {})", Kind.TIME),
        _call("ABS({})", Kind.INT),
        *_common(Kind.INT),
    ),
    Kind.MONEY: (
        _binary(Kind.MONEY, "+ -"),
        _call("ROUND({}, 1)", Kind.MONEY),
        _call("({} * 2)", Kind.MONEY),
        *_common(Kind.MONEY),
    ),
    Kind.FLOAT: (_call("({} / 3)", Kind.MONEY), _binary(Kind.FLOAT, "+ -"), _coalesce(Kind.FLOAT)),
    Kind.TEXT: (
        _call("LOWER({})", Kind.TEXT),
        _call("UPPER({})", Kind.TEXT),
        _call("SUBSTRING({}, 1, 3)", Kind.TEXT),
        _call("RIGHT({}, 4)", Kind.TEXT),
        _call("CONCAT({}, '-')", Kind.TEXT),
        _call("REPLACE({}, '*', 'x')", Kind.TEXT),
        _cast(Kind.INT, "CHAR", "TEXT"),
        *_common(Kind.TEXT),
    ),
    Kind.TIME: (_call("({} + INTERVAL '1' DAY)", Kind.TIME), _coalesce(Kind.TIME), _case(Kind.TIME)),
    Kind.DATE: (_coalesce(Kind.DATE), _case(Kind.DATE), _cast(Kind.TIME, "DATE", "DATE")),
    Kind.BOOL: (_case(Kind.BOOL),),
}
RISKY: dict[Kind, tuple[Maker, ...]] = {
    Kind.INT: (
        _cast(Kind.TEXT, "SIGNED", "INT"),
        _cast(Kind.TEXT, "SIGNED", "BIGINT"),
        _cast(Kind.MONEY, "SIGNED", "SMALLINT"),
        _binary(Kind.INT, "*"),
        _call("(9223372036854775000 + {})", Kind.INT),
        _division,
        _several_rows,
    ),
    Kind.MONEY: (
        _cast(Kind.TEXT, "DECIMAL(10,2)", "NUMERIC(10,2)"),
        _cast(Kind.MONEY, "DECIMAL(6,2)", "NUMERIC(6,2)"),
        _call("SQRT({})", Kind.MONEY),
        _call("EXP({})", Kind.MONEY),
    ),
    Kind.TIME: (_cast(Kind.TEXT, "DATETIME", "TIMESTAMP"),),
    Kind.DATE: (_cast(Kind.TEXT, "DATE", "DATE"),),
}
