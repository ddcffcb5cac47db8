"""What the translation from MySQL and Doris leaves wrong: text of numbers, bytes, weeks, JSON of scalars."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from lucky_mcp.enforcement.embedded_functions import from_template
from lucky_mcp.errors import Code, ConstructRefused, Phase
from lucky_mcp.model.source import Dialect

MYSQL_LIKE = frozenset({Dialect.MYSQL, Dialect.DORIS})
# These give text whatever they are given.
TEXT: tuple[type[exp.Expr], ...] = (exp.Concat, exp.ConcatWs, exp.Left, exp.Lower, exp.RegexpReplace)
TEXT += (exp.Replace, exp.Right, exp.Substring, exp.Trim, exp.Upper)

TRUTHS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)

YEAR_0 = "0000-01-01"
DAY_CHARS = len("2026-02-12")
_MOMENT = "CAST({0} AS TIMESTAMP)"
_SUNDAY = f"{_MOMENT} - to_days(CAST(dayofweek({_MOMENT}) AS INTEGER))"
_FIRST_WEEK = f"CASE WHEN isodow(date_trunc('year', {_MOMENT})) BETWEEN 2 AND 4 THEN 1 ELSE 0 END"
# By mode: 0 counts from the first Sunday, 1 from the first Monday week with four days, 3 is ISO's.
WEEKS = {
    "0": f"CAST(strftime({_MOMENT}, '%U') AS INTEGER)",
    "1": f"CAST(strftime({_MOMENT}, '%W') AS INTEGER) + {_FIRST_WEEK}",
    "3": f"week({_MOMENT})",
}
YEARWEEKS = {
    "0": f"CAST(strftime({_SUNDAY}, '%Y%U') AS INTEGER)",
    "1": f"yearweek(CAST({_MOMENT} AS DATE))",
    "3": f"yearweek(CAST({_MOMENT} AS DATE))",
}
JSON_TYPE = (
    "CASE json_type({0}) WHEN 'VARCHAR' THEN 'STRING' WHEN 'UBIGINT' THEN 'INTEGER' "
    "WHEN 'BIGINT' THEN 'INTEGER' ELSE json_type({0}) END"
)
# Whole months: one less while the day and time of the later moment are before those of the earlier. The
# engine itself takes the last day of a month for any later day.
_ENDS = [f"CAST({{{index}}} AS TIMESTAMP)" for index in (0, 1)]
_DAYS = [f"strftime({moment}, '%d%H%M%S%f')" for moment in _ENDS]
_MONTHS = (
    f"datediff('month', {_ENDS[0]}, {_ENDS[1]}) - CASE"
    f" WHEN {_ENDS[0]} <= {_ENDS[1]} AND {_DAYS[1]} < {_DAYS[0]} THEN 1"
    f" WHEN {_ENDS[0]} > {_ENDS[1]} AND {_DAYS[1]} > {_DAYS[0]} THEN -1 ELSE 0 END"
)
MONTHS = {"MONTH": _MONTHS} | {
    unit: f"CAST(trunc(({_MONTHS}) / {months}.0) AS BIGINT)"
    for unit, months in (("QUARTER", 3), ("YEAR", 12))
}
OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d\d?):(?P<minutes>\d\d)")
MOVED, MOVED_BACK = (f"CAST({{0}} AS TIMESTAMP) {sign} to_minutes({{1}})" for sign in "+-")
YEAR_MONTH = "CAST(strftime(CAST({0} AS TIMESTAMP), '%Y%m') AS INTEGER)"
JSON_KEYS = "CASE WHEN json_type({0}) = 'OBJECT' THEN json_keys({0}) END"


def week_of(forms: dict[str, str], arguments: list[exp.Expr]) -> exp.Expr:
    """Return WEEK or YEARWEEK of a date in its mode; ConstructRefused for a mode that is not known."""
    mode = arguments[1].name if len(arguments) > 1 else "0"
    if mode not in forms or not arguments:
        raise ConstructRefused(
            "this mode of counting weeks gives other values on the engine behind this source",
            code=Code.FUNCTION_REFUSED,
            phase=Phase.ENFORCE,
            next_step="use mode 0, 1 or 3",
        )
    return from_template(forms[mode], arguments[:1])


def as_text(node: exp.Expr) -> exp.Expr:
    """Return an operand as the text that MySQL makes of it by itself."""
    if isinstance(node, TEXT) or node.is_string:
        return node
    return exp.cast(node.copy(), exp.DataType.build("TEXT"))


def _over_text(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    copied = node.copy()
    copied.set("this", as_text(copied.this))
    return copied


def _length(node: exp.Length, dialect: Dialect) -> exp.Expr:
    if node.args.get("binary"):
        return exp.Anonymous(this="strlen", expressions=[as_text(node.this.copy())])
    return _over_text(node, dialect)


def _of_moment(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """A text literal does not tell the engine which of its functions of times is meant."""
    if not node.this.is_string:
        return node
    copied = node.copy()
    copied.set("this", exp.cast(copied.this, exp.DataType.build("TIMESTAMP", dialect="duckdb")))
    return copied


def _moved(node: exp.DateAdd | exp.DateSub, dialect: Dialect) -> exp.Expr:
    """The translation takes any literal for a day and would lose its time."""
    return _of_moment(node, dialect) if len(node.this.name) > DAY_CHARS else node


def _days_between(node: exp.DateDiff, dialect: Dialect) -> exp.Expr:
    """TO_DAYS counts from a year 0 without a 29th of February; the engine's year 0 has one."""
    if _bare(node.expression).name != YEAR_0:
        return node
    return exp.paren(exp.Sub(this=node.copy(), expression=exp.Literal.number(1)))


def _week(node: exp.Week, dialect: Dialect) -> exp.Expr:
    mode = node.args.get("mode")
    return week_of(WEEKS, [_bare(node.this), *([mode] if mode is not None else [])])


def _bare(node: exp.Expr) -> exp.Expr:
    """The parser wraps the date of a week into a conversion of its own."""
    return node.this if isinstance(node, exp.TsOrDsToDate) else node


def _extract(node: exp.Extract, dialect: Dialect) -> exp.Expr:
    return from_template(YEAR_MONTH, [node.expression]) if node.this.name.upper() == "YEAR_MONTH" else node


def _padded(node: exp.Pad, dialect: Dialect) -> exp.Expr:
    """Of a number, too: LPAD(HOUR(t), 2, 0)."""
    copied = node.copy()
    copied.set("this", as_text(copied.this))
    copied.set("expression", _whole(copied.expression))
    if copied.args.get("fill_pattern") is not None:
        copied.set("fill_pattern", as_text(copied.args["fill_pattern"]))
    return copied


def _repeated(node: exp.Repeat, dialect: Dialect) -> exp.Expr:
    copied = node.copy()
    copied.set("times", _whole(copied.args["times"]))
    return copied


def _blanks(node: exp.Space, dialect: Dialect) -> exp.Expr:
    return exp.Repeat(this=exp.Literal.string(" "), times=_whole(node.this.copy()))


def _whole(node: exp.Expr) -> exp.Expr:
    """Return a number as the whole one that MySQL rounds it to where it counts something."""
    if isinstance(node, exp.Literal):
        return node
    return exp.cast(exp.Round(this=node.copy()), exp.DataType.build("INT"))


def _within_one(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    inside = exp.Between(this=node.this.copy(), low=exp.Literal.number("-1"), high=exp.Literal.number("1"))
    return exp.Case(ifs=[exp.If(this=inside, true=node.copy())])


def _json_type(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    return from_template(JSON_TYPE, [node.this])


def _json_keys(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    return from_template(JSON_KEYS, [node.this]) if not node.expression else node


def _time_format(node: exp.TimeToStr, dialect: Dialect) -> exp.Expr:
    """`%x` and `%v` are ISO's year and week; the parser knows the year alone."""
    copied = node.copy()
    pattern = copied.args["format"]
    copied.set("format", exp.Literal.string(pattern.name.replace("%v", "%V")))
    return copied


def _of_number(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """A truth value is 0 or 1, and a value out of JSON the number that it says."""
    inner = node.this.unnest()
    kind = "INT" if isinstance(inner, TRUTHS) else "DOUBLE" if type(inner) is exp.JSONExtract else ""
    if not kind:
        return node
    copied = node.copy()
    copied.set("this", exp.cast(inner.copy(), exp.DataType.build(kind)))
    return copied


def _bits(node: exp.BitwiseCount, dialect: Dialect) -> exp.Expr:
    return exp.BitwiseCount(this=exp.cast(exp.paren(node.this.copy()), exp.DataType.build("BIGINT")))


def _json_value(node: exp.JSONValue, dialect: Dialect) -> exp.Expr:
    return exp.JSONExtractScalar(this=node.this.copy(), expression=node.args["path"].copy())


def _between_zones(node: exp.ConvertTimezone, dialect: Dialect) -> exp.Expr:
    """The engine knows zones by name alone; between two offsets a time moves by their difference."""
    offsets = [OFFSET.fullmatch(node.text(part)) for part in ("source_tz", "target_tz")]
    if None in offsets:
        return node
    minutes = [
        (1 if each["sign"] == "+" else -1) * (int(each["hours"]) * 60 + int(each["minutes"]))
        for each in offsets
        if each is not None
    ]
    later = minutes[1] - minutes[0]
    form = MOVED if later >= 0 else MOVED_BACK
    return from_template(form, [node.args["timestamp"], exp.Literal.number(abs(later))])


Rewrite = Callable[[Any, Dialect], exp.Expr]
# What the engine must be told instead of a node of the type, or of one derived from it.
MYSQL: dict[type[exp.Expr], Rewrite] = {
    exp.Acos: _within_one,
    exp.Asin: _within_one,
    exp.Avg: _of_number,
    exp.BitwiseCount: _bits,
    exp.ConvertTimezone: _between_zones,
    exp.DateAdd: _moved,
    exp.DateDiff: _days_between,
    exp.DateSub: _moved,
    exp.Dayname: _of_moment,
    exp.Extract: _extract,
    exp.Hour: _of_moment,
    exp.JSONKeys: _json_keys,
    exp.JSONType: _json_type,
    exp.JSONValue: _json_value,
    exp.LastDay: _of_moment,
    exp.Left: _over_text,
    exp.Length: _length,
    exp.Minute: _of_moment,
    exp.Monthname: _of_moment,
    exp.Pad: _padded,
    exp.Quarter: _of_moment,
    exp.Repeat: _repeated,
    exp.Replace: _over_text,
    exp.Reverse: _over_text,
    exp.Right: _over_text,
    exp.Second: _of_moment,
    exp.Space: _blanks,
    exp.Stddev: _of_number,
    exp.StddevPop: _of_number,
    exp.StddevSamp: _of_number,
    exp.StrPosition: _over_text,
    exp.Substring: _over_text,
    exp.Sum: _of_number,
    exp.TimeToStr: _time_format,
    exp.Variance: _of_number,
    exp.VariancePop: _of_number,
    exp.Week: _week,
}
