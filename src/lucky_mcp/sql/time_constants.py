"""What a constant expression of dates and times comes to: literals, casts, the clock, and steps from them.

Anything else has no value here: a function that is not known to be exact in its dialect is none.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlglot import exp

from lucky_mcp.sql.dialects import Grammar

TIME_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?")
WHOLE = re.compile(r"-?\d{1,6}")
DATE_CHARS = 10
DATE_ARITHMETIC = frozenset({"postgres", "redshift", "duckdb"})  # elsewhere a date plus 7 is a number
TIME_CASTS = frozenset(
    {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ, exp.DType.DATETIME}
)
NOW_NAMES = frozenset({"now", "sysdate"})
ADDED: dict[type[exp.Expr], int] = {exp.DateAdd: 1, exp.TsOrDsAdd: 1, exp.DateSub: -1}
STEPPED: dict[type[exp.Expr], int] = {exp.Add: 1, exp.Sub: -1}
SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "WEEK": 7 * 86_400}
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time of the source's own zone; `moves` with the clock, `is_date` when it has no time of day."""

    at: datetime
    moves: bool = False
    is_date: bool = False


def moment(node: exp.Expr, grammar: Grammar, now: datetime) -> Moment | None:
    """Return the value of a constant expression at `now` (in the source's zone, naive), or None."""
    try:
        return _moment(node.unnest(), grammar, now)
    except (ValueError, OverflowError):
        return None


def is_time(literal: exp.Literal) -> bool:
    """Whether a text is a day or time of the calendar."""
    try:
        return _of_text(literal) is not None
    except ValueError:
        return False


def day_of_key(node: exp.Expr) -> Moment | None:
    """Return the day that a whole number such as 20260214 stands for, or None."""
    if not isinstance(node, exp.Literal) or not re.fullmatch(r"\d{8}", node.name):
        return None
    try:
        return Moment(at=datetime.strptime(node.name, "%Y%m%d"), is_date=True)  # noqa: DTZ007 (naive, as `now`)
    except ValueError:
        return None


def _moment(node: exp.Expr, grammar: Grammar, now: datetime) -> Moment | None:
    if isinstance(node, exp.Literal):
        return _of_text(node)
    if isinstance(node, exp.Cast):
        return _cast(node, grammar, now)
    if isinstance(node, exp.TsOrDsToDate) and set(filter(node.args.get, node.args)) == {"this"}:
        return _date(moment(node.this, grammar, now))
    clock = _clock(node, now)
    if clock is not None:
        return clock
    if type(node) in ADDED:
        return _added(node, grammar, now)
    if type(node) in STEPPED:
        return _stepped(node, grammar, now)
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        return _truncated(node, grammar, now)
    return None


def _of_text(node: exp.Literal) -> Moment | None:
    if not node.is_string or not TIME_TEXT.fullmatch(node.name):
        return None
    return Moment(at=datetime.fromisoformat(node.name), is_date=len(node.name) == DATE_CHARS)


def _cast(node: exp.Cast, grammar: Grammar, now: datetime) -> Moment | None:
    if node.to.expressions:
        return None
    inner = moment(node.this, grammar, now)
    if node.to.this is exp.DType.DATE:
        return _date(inner)
    return replace(inner, is_date=False) if inner is not None and node.to.this in TIME_CASTS else None


def _date(inner: Moment | None) -> Moment | None:
    if inner is None:
        return None
    return replace(inner, at=inner.at.replace(hour=0, minute=0, second=0, microsecond=0), is_date=True)


def _clock(node: exp.Expr, now: datetime) -> Moment | None:
    if isinstance(node, exp.CurrentDate):
        return None if node.this else _date(Moment(at=now, moves=True))
    named = isinstance(node, exp.Anonymous) and str(node.this).lower() in NOW_NAMES and not node.expressions
    if named or isinstance(node, exp.CurrentTimestamp | exp.Localtimestamp):
        return Moment(at=now, moves=True)
    return None


def _added(node: exp.Expr, grammar: Grammar, now: datetime) -> Moment | None:
    """DATE_ADD, DATE_SUB and DATEADD with a whole number of units."""
    count = _whole(node.expression)
    if not set(filter(node.args.get, node.args)) <= {"this", "expression", "unit", "return_type"}:
        return None
    return _step(moment(node.this, grammar, now), count, node.args.get("unit"), ADDED[type(node)])


def _stepped(node: exp.Expr, grammar: Grammar, now: datetime) -> Moment | None:
    start, by = moment(node.this, grammar, now), node.expression.unnest()
    if isinstance(by, exp.Interval):
        return _step(start, _whole(by.this), by.args.get("unit"), STEPPED[type(node)])
    if grammar.name not in DATE_ARITHMETIC or start is None or not start.is_date:
        return None
    is_text = isinstance(node.this.unnest(), exp.Literal)
    return None if is_text else _step(start, _whole(by), exp.Var(this="DAY"), STEPPED[type(node)])


def _step(start: Moment | None, count: int | None, unit: object, sign: int) -> Moment | None:
    if start is None or count is None or not isinstance(unit, exp.Var):
        return None
    word = str(unit.this).upper().removesuffix("S")
    if word in SECONDS:
        moved = start.at + timedelta(seconds=sign * count * SECONDS[word])
        return replace(start, at=moved, is_date=start.is_date and word in {"DAY", "WEEK"})
    return replace(start, at=_months_on(start.at, sign * count * MONTHS[word])) if word in MONTHS else None


def _months_on(start: datetime, count: int) -> datetime:
    """The same day of another month, or its last one."""
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def _whole(node: object) -> int | None:
    if isinstance(node, exp.Neg):
        inner = _whole(node.this)
        return None if inner is None else -inner
    found = isinstance(node, exp.Literal) and WHOLE.fullmatch(node.name)
    return int(found.group()) if found else None


def _truncated(node: exp.Expr, grammar: Grammar, now: datetime) -> Moment | None:
    if not set(filter(node.args.get, node.args)) <= {"this", "unit"}:
        return None
    day = _date(moment(node.this, grammar, now))
    unit = node.args.get("unit")
    word = str(unit.this).upper() if isinstance(unit, exp.Var | exp.Literal) else ""
    if day is None:
        return None
    starts = {
        "DAY": day.at,
        "WEEK": day.at - timedelta(days=day.at.weekday()),
        "MONTH": day.at.replace(day=1),
        "QUARTER": day.at.replace(month=(day.at.month - 1) // 3 * 3 + 1, day=1),
        "YEAR": day.at.replace(month=1, day=1),
    }
    return replace(day, at=starts[word]) if word in starts else None
