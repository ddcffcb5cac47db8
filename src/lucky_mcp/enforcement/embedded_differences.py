"""What the embedded engine would answer differently without an error is refused: a wrong number is a lie."""

from __future__ import annotations

import re

from sqlglot import exp

from lucky_mcp.errors import Code, ConstructRefused, Phase
from lucky_mcp.model.source import Dialect

CODES = re.compile(r"%-?[A-Za-z%]")
WORD_FORMATS = frozenset({Dialect.POSTGRES, Dialect.REDSHIFT})  # TO_CHAR's words, such as YYYY and Mon
LETTERS = re.compile(r"[A-Za-z]")
WEEK_CODES = ("%W", "%U", "%V", "%u", "%v", "%X", "%x")

# The types that `refuse_different` looks at; it need not be asked about others.
DIFFERENT = (exp.HexString, exp.SimilarTo, exp.UnixToTime, exp.Anonymous, exp.TimeToStr, exp.Initcap)


def refuse_different(node: exp.Expr, dialect: Dialect) -> None:
    """Raise ConstructRefused for a node whose meaning differs between the dialect's server and the engine."""
    if isinstance(node, exp.HexString):
        raise _refused("a hexadecimal literal", "write the number in digits, or the text itself")
    if isinstance(node, exp.SimilarTo):
        raise _refused("SIMILAR TO", "use ~ with a regular expression, or LIKE")
    if isinstance(node, exp.UnixToTime) or _is_call(node, "unix_timestamp"):
        raise _refused(
            "conversion between a time and seconds since 1970", "compare with a time literal instead"
        )
    if isinstance(node, exp.Initcap):
        raise _refused("INITCAP", "write CONCAT(UPPER(LEFT(a, 1)), LOWER(SUBSTRING(a, 2)))")
    if isinstance(node, exp.TimeToStr):
        _refuse_format(node, dialect)


def _refuse_format(node: exp.TimeToStr, dialect: Dialect) -> None:
    pattern = node.args.get("format")
    if not isinstance(pattern, exp.Literal):
        raise _refused("a time format that is not a literal", "write the format as a literal")
    untranslated = LETTERS.search(CODES.sub("", pattern.name)) if dialect in WORD_FORMATS else None
    # MySQL's %v is ISO's week and written so for the engine; the others count otherwise.
    weeks = [code for code in WEEK_CODES if code != "%v" or dialect in WORD_FORMATS]
    if untranslated or any(code in pattern.name for code in weeks):
        raise _refused(
            "part of this time format", "format with year, month, day, hour, minute and second only"
        )


def _is_call(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == name


def _refused(what: str, step: str) -> ConstructRefused:
    return ConstructRefused(
        f"{what} gives other values on the engine behind this source than in its dialect",
        code=Code.FUNCTION_REFUSED,
        phase=Phase.ENFORCE,
        next_step=step,
    )
