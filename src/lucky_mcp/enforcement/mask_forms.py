"""The masks as SQL, in the dialects agents write; `policy/masks.py` defines what they must give."""

from __future__ import annotations

from functools import cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from lucky_mcp.catalog.snapshot import Column, TypeFamily
from lucky_mcp.model.decision import MaskName, VisibleColumn
from lucky_mcp.model.source import Dialect
from lucky_mcp.policy.masks import CARD_FRONT, CARD_TAG, DIGITS_MIN, HIDDEN, PHONE_FRONT, REDACTED
from lucky_mcp.sql.dialects import GRAMMARS

VALUE = "lucky_value"
DIGITS = {
    Dialect.MYSQL: f"REGEXP_REPLACE({VALUE}, '[^0-9]', '')",
    Dialect.POSTGRES: f"REGEXP_REPLACE({VALUE}, '[^0-9]', '', 'g')",
    Dialect.REDSHIFT: f"REGEXP_REPLACE({VALUE}, '[^0-9]', '')",  # every match; the 4th argument is a position
    Dialect.DUCKDB: f"REGEXP_REPLACE({VALUE}, '[^0-9]', '', 'g')",
    Dialect.DORIS: f"REGEXP_REPLACE({VALUE}, '[^0-9]', '')",
}
DOMAIN = {
    Dialect.MYSQL: f"SUBSTRING_INDEX({VALUE}, '@', -1)",
    Dialect.POSTGRES: f"SPLIT_PART({VALUE}, '@', -1)",
    Dialect.REDSHIFT: f"REVERSE(SPLIT_PART(REVERSE({VALUE}), '@', 1))",  # it counts from the left only
    Dialect.DUCKDB: f"SPLIT_PART({VALUE}, '@', -1)",
    Dialect.DORIS: f"SUBSTRING_INDEX({VALUE}, '@', -1)",
}
OUTSIDE_DOMAIN = {
    Dialect.MYSQL: "REGEXP_REPLACE({domain}, '[A-Za-z0-9.-]', '')",
    Dialect.POSTGRES: "REGEXP_REPLACE({domain}, '[A-Za-z0-9.-]', '', 'g')",
    Dialect.REDSHIFT: "REGEXP_REPLACE({domain}, '[A-Za-z0-9.-]', '')",
    Dialect.DUCKDB: "REGEXP_REPLACE({domain}, '[A-Za-z0-9.-]', '', 'g')",
    Dialect.DORIS: "REGEXP_REPLACE({domain}, '[A-Za-z0-9.-]', '')",
}


def mask_expression(column: VisibleColumn, value: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Return the SQL that shows `value` under the column's mask; ValueError for no mask or `deny`."""
    if column.mask is MaskName.NULL:
        return exp.cast(exp.null(), exp.DataType.build(column.type, dialect="duckdb"))
    if column.mask is MaskName.REDACT:
        form = _form(f"CASE WHEN {VALUE} IS NULL THEN NULL ELSE '{REDACTED}' END", dialect)
    elif column.mask is MaskName.LAST4:
        form = _form(_last4(dialect, CARD_FRONT if CARD_TAG in column.tags else PHONE_FRONT), dialect)
    elif column.mask is MaskName.EMAIL_DOMAIN:
        form = _form(_email_domain(dialect), dialect)
    else:
        raise ValueError(f"{column.name} has no mask that shows anything")
    return _with_value(form, _as_text(column, value))


def masked_type(column: VisibleColumn) -> str:
    """Return the type a caller sees: masks other than `null` turn what is not text into text."""
    if column.mask in {None, MaskName.NULL} or _is_text(column):
        return column.type
    return "VARCHAR"


def _last4(dialect: Dialect, front: str) -> str:
    digits = DIGITS[dialect]
    return (
        f"CASE WHEN {VALUE} IS NULL THEN NULL WHEN CHAR_LENGTH({digits}) < {DIGITS_MIN} THEN '{HIDDEN}' "
        f"ELSE CONCAT('{front}', RIGHT({digits}, 4)) END"
    )


def _email_domain(dialect: Dialect) -> str:
    """Lengths are compared, not texts: some collations find 'a' and 'a ' equal."""
    domain = DOMAIN[dialect]
    outside = OUTSIDE_DOMAIN[dialect].format(domain=domain)
    return (
        f"CASE WHEN {VALUE} IS NULL THEN NULL WHEN POSITION('@' IN {VALUE}) = 0 THEN '{HIDDEN}' "
        f"WHEN CHAR_LENGTH({domain}) = 0 THEN '{HIDDEN}' WHEN CHAR_LENGTH({outside}) > 0 THEN '{HIDDEN}' "
        f"ELSE CONCAT('{HIDDEN}@', {domain}) END"
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
