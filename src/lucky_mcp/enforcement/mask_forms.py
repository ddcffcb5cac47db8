"""The masks as SQL, in the dialects agents write; `policy/masks.py` defines what they must give."""

from __future__ import annotations

from functools import cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from lucky_mcp.catalog.snapshot import Column, TypeFamily
from lucky_mcp.enforcement.cast_types import cast_type
from lucky_mcp.enforcement.mask_words import BEHIND_LAST_AT, FIRST_OF_MONTH, FIRST_OF_YEAR, replace_all
from lucky_mcp.enforcement.mean_form import mean_expression, mean_type
from lucky_mcp.enforcement.predicates import qualified
from lucky_mcp.enforcement.token_forms import token_call
from lucky_mcp.model.decision import MaskName, Merged, VisibleColumn
from lucky_mcp.model.source import Dialect
from lucky_mcp.policy.masks import (
    CARD_FRONT,
    CARD_TAG,
    DATED,
    DIGITS_MIN,
    HIDDEN,
    PHONE_FRONT,
    REDACTED,
    ROUND_TO,
    fitting,
)
from lucky_mcp.policy.scrub import PATTERNS
from lucky_mcp.policy.tokens import token_kind
from lucky_mcp.sql.dialects import GRAMMARS

VALUE = "lucky_value"
# An empty text of the column's. MySQL compares texts by the collation of the columns that they are made of,
# and by the session's where there is none (decision 0048).
NOTHING = f"LEFT({VALUE}, 0)"
APPROXIMATE_TYPES = ("FLOAT", "REAL", "DOUBLE")


def mask_expression(column: VisibleColumn, value: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Return the SQL that shows `value` under the column's mask; ValueError for no mask or `deny`.

    With floors it is NULL where too few of the rows that the guard's filters leave show the same.
    """
    if column.mask in {None, MaskName.DENY}:
        raise ValueError(f"{column.name} has no mask that shows anything")
    shown = _of_one_row(column, value, dialect)
    for merged in column.merged:
        shown = _unless_rare(shown, merged, value.text("table"), dialect)
    return shown


def _unless_rare(shown: exp.Expr, merged: Merged, alias: str, dialect: Dialect) -> exp.Expr:
    keys = [_of_one_row(each, qualified(each.name, alias), dialect) for each in merged.alike]
    rows = exp.Window(this=exp.Count(this=exp.Star()), partition_by=keys, over="OVER")
    enough = exp.GTE(this=rows, expression=exp.Literal.number(merged.k_min))
    return exp.Case(ifs=[exp.If(this=enough, true=shown)])


def _of_one_row(column: VisibleColumn, value: exp.Expr, dialect: Dialect) -> exp.Expr:
    if column.mask in {None, MaskName.RARE}:
        return value.copy()
    mask = _acting(column)
    if mask is MaskName.MEAN:
        return mean_expression(column, value.text("table"))
    if mask is MaskName.NULL and not _has_collation(column, dialect):
        return exp.cast(exp.null(), cast_type(column.type))
    if mask is MaskName.TOKEN:
        return token_call(token_kind(column.tags), exp.cast(value, exp.DataType.build("TEXT")))
    form = _form(_text(column, mask, dialect), dialect)
    if mask is MaskName.ROUND:
        return exp.cast(_with_value(form, value), cast_type(column.type))
    return _with_value(form, value if mask in DATED else _as_text(column, value))


def masked_type(column: VisibleColumn) -> str:
    """Return the type a caller sees: that of the column where the mask keeps it, DATE, or else text."""
    mask = _acting(column) if column.mask else None
    if mask is MaskName.MEAN:
        return mean_type(column.type)
    if mask in {None, MaskName.NULL, MaskName.ROUND, MaskName.RARE}:
        return column.type
    if mask in DATED:
        return "DATE"
    return column.type if _is_text(column) else "VARCHAR"


def _acting(column: VisibleColumn) -> MaskName:
    if column.mask is None:
        raise ValueError(f"{column.name} has no mask")
    return fitting(column.mask, column.type)


def _text(column: VisibleColumn, mask: MaskName, dialect: Dialect) -> str:
    if mask is MaskName.LAST4:
        return _last4(dialect, CARD_FRONT if CARD_TAG in column.tags else PHONE_FRONT)
    if mask is MaskName.EMAIL_DOMAIN:
        return _email_domain(dialect)
    if mask is MaskName.INITIAL:
        return _initial(dialect)
    if mask is MaskName.SCRUB:
        return _scrub(dialect)
    if mask in DATED:
        first_day = FIRST_OF_YEAR if mask is MaskName.YEAR else FIRST_OF_MONTH
        return first_day[dialect].format(time=VALUE)
    if mask is MaskName.ROUND:
        return _round(column.type)
    if mask is MaskName.REDACT:
        shown = f"CONCAT({NOTHING}, '{REDACTED}')" if _has_collation(column, dialect) else f"'{REDACTED}'"
        return f"CASE WHEN {VALUE} IS NULL THEN NULL ELSE {shown} END"
    if mask is MaskName.NULL:
        return f"NULLIF({NOTHING}, '')"
    raise ValueError(f"the mask {mask} has no form")


def _last4(dialect: Dialect, front: str) -> str:
    digits = replace_all(VALUE, "[^0-9]", "", dialect)
    return (
        f"CASE WHEN {VALUE} IS NULL THEN NULL WHEN CHAR_LENGTH({digits}) < {DIGITS_MIN} THEN '{HIDDEN}' "
        f"ELSE CONCAT('{front}', RIGHT({digits}, 4)) END"
    )


def _email_domain(dialect: Dialect) -> str:
    """Lengths are compared, not texts: some collations find 'a' and 'a ' equal."""
    domain = BEHIND_LAST_AT[dialect].format(text=VALUE)
    outside = replace_all(domain, "[A-Za-z0-9.-]", "", dialect)
    return (
        f"CASE WHEN {VALUE} IS NULL THEN NULL WHEN POSITION('@' IN {VALUE}) = 0 THEN '{HIDDEN}' "
        f"WHEN CHAR_LENGTH({domain}) = 0 THEN '{HIDDEN}' WHEN CHAR_LENGTH({outside}) > 0 THEN '{HIDDEN}' "
        f"ELSE CONCAT('{HIDDEN}@', {domain}) END"
    )


def _initial(dialect: Dialect) -> str:
    other = replace_all(f"LEFT({VALUE}, 1)", "[A-Za-z]", "", dialect)
    return (
        f"CASE WHEN {VALUE} IS NULL THEN NULL WHEN CHAR_LENGTH({VALUE}) = 0 THEN '{HIDDEN}' "
        f"WHEN CHAR_LENGTH({other}) > 0 THEN '{HIDDEN}' ELSE CONCAT(LEFT({VALUE}, 1), '.') END"
    )


def _scrub(dialect: Dialect) -> str:
    text = VALUE
    for pattern, word in PATTERNS:
        text = replace_all(text, pattern, word, dialect)
    return text


def _round(type_: str) -> str:
    """The remainder is taken off, which never overflows; approximate numbers have none in some engines."""
    if not type_.upper().startswith(APPROXIMATE_TYPES):
        return f"{VALUE} - {VALUE} % {ROUND_TO}"
    return (
        f"CASE WHEN {VALUE} < 0 THEN 0 - FLOOR(ABS({VALUE}) / {ROUND_TO}) * {ROUND_TO} "
        f"ELSE FLOOR({VALUE} / {ROUND_TO}) * {ROUND_TO} END"
    )


@cache
def _form(text: str, dialect: Dialect) -> exp.Expr:
    parsed = GRAMMARS[dialect].dialect.parse(f"SELECT {text}", error_level=ErrorLevel.RAISE)[0]
    if not isinstance(parsed, exp.Select):
        raise ValueError(f"the mask form {text!r} is not an expression")
    form: exp.Expr = parsed.expressions[0]
    return form


def _with_value(form: exp.Expr, value: exp.Expr) -> exp.Expr:
    def put(node: exp.Expr) -> exp.Expr:
        return value.copy() if isinstance(node, exp.Column) and node.name == VALUE else node

    return form.copy().transform(put)


def _as_text(column: VisibleColumn, value: exp.Expr) -> exp.Expr:
    return value if _is_text(column) else exp.cast(value, exp.DataType.build("TEXT"))


def _is_text(column: VisibleColumn) -> bool:
    return Column(name=column.name, type=column.type).family is TypeFamily.TEXT


def _has_collation(column: VisibleColumn, dialect: Dialect) -> bool:
    return dialect is Dialect.MYSQL and _is_text(column)
