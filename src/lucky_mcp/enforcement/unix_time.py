"""Seconds since 1970 for the embedded engine: a time has none without the time zone of its source.

MySQL takes the zone from its session. Here the conversion is written out, in words of the same dialect.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from lucky_mcp.model.source import Dialect, Source
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.nodes import Nodes

VALUE = "lucky_seconds"
SINCE = "'1970-01-01 00:00:00'"
# A time before 1970 has 0 seconds, and seconds outside these have no time.
TO_SECONDS = "GREATEST(TIMESTAMPDIFF(SECOND, {since}, CONVERT_TZ({value}, '{zone}', 'UTC')), 0)"
LAST_SECOND = 2_147_483_647
TO_TIME = (
    "IF({value} BETWEEN 0 AND {last}, "
    "CONVERT_TZ(DATE_ADD({since}, INTERVAL {value} SECOND), 'UTC', '{zone}'), NULL)"
)


def has_unix_time(nodes: Nodes, source: Source) -> bool:
    """Whether there is something to replace."""
    return source.dialect is Dialect.MYSQL and bool(nodes.of(exp.UnixToTime) or _to_seconds(nodes))


def settle_unix_time(nodes: Nodes, source: Source, now: datetime) -> bool:
    """Replace UNIX_TIMESTAMP and FROM_UNIXTIME in place; returns whether one of them asks for `now`.

    What is left as it is, such as one around a subquery that would be written twice, is refused later.
    """
    asks_now = False
    for call in _to_seconds(nodes):
        if not call.expressions:
            call.replace(exp.Literal.number(int(now.timestamp())))
            asks_now = True
        elif len(call.expressions) == 1:
            call.replace(_written(TO_SECONDS, call.expressions[0], source.time_zone))
    for node in nodes.of(exp.UnixToTime):
        if set(filter(node.args.get, node.args)) == {"this"} and node.find(exp.Query) is None:
            node.replace(_written(TO_TIME, node.this, source.time_zone))
    return asks_now


def _to_seconds(nodes: Nodes) -> list[exp.Anonymous]:
    return [call for call in nodes.of(exp.Anonymous) if str(call.this).lower() == "unix_timestamp"]


def _written(template: str, value: exp.Expr, zone: str) -> exp.Expr:
    tree = _parsed(template, zone).copy()
    for number, place in enumerate(list(tree.find_all(exp.Column))):
        # Not a copy: the scans inside must stay the ones that will be replaced.
        place.replace(exp.paren(value, copy=False) if number == 0 else exp.paren(value.copy(), copy=False))
    return tree


@cache
def _parsed(template: str, zone: str) -> exp.Expr:
    text = template.format(value=VALUE, since=SINCE, zone=zone, last=LAST_SECOND)
    parsed = GRAMMARS[Dialect.MYSQL].dialect.parse(f"SELECT {text}", error_level=ErrorLevel.RAISE)[0]
    if not isinstance(parsed, exp.Select):
        raise ValueError(f"{text!r} is not an expression")
    found: exp.Expr = parsed.expressions[0]
    return found
