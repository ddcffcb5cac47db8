"""The current time for engines that have no clock of their own: the gateway's, in the source's time zone.

An embedded file stands for a server with a time zone; asked for today's date it must answer as that
server would, and a test that fixes the clock must get the same answer every day.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlglot import exp

from lucky_mcp.model.source import Source
from lucky_mcp.sql.nodes import Nodes

LOCAL_TIMESTAMPS = (exp.CurrentTimestamp, exp.Localtimestamp, exp.Localtime)
CLOCKS: tuple[type[exp.Expr], ...] = (
    exp.CurrentDate,
    exp.UtcDate,
    exp.CurrentTime,
    exp.UtcTimestamp,
    exp.Anonymous,
)
CLOCKS += LOCAL_TIMESTAMPS
LOCAL_NAMES = {"now", "sysdate"}


def settle_clock(nodes: Nodes, source: Source, now: datetime) -> bool:
    """Replace every function of the current time in place by the value it has at `now` (time zone aware).

    Returns whether there was one: the statement then says something else at another time.
    """
    asked = [node for kind in CLOCKS for node in nodes.of(kind)]
    if not asked:
        return False
    found = False
    local, utc = now.astimezone(ZoneInfo(source.time_zone)), now.astimezone(UTC)
    for node in asked:
        value = _value(node, local, utc)
        if value is not None:
            node.replace(value)
            found = True
    return found


def _value(node: exp.Expr, local: datetime, utc: datetime) -> exp.Expr | None:
    if isinstance(node, exp.CurrentDate):
        return _typed(local.date().isoformat(), "DATE")
    if isinstance(node, exp.UtcDate):
        return _typed(utc.date().isoformat(), "DATE")
    if isinstance(node, exp.CurrentTime):
        return _typed(local.strftime("%H:%M:%S"), "TIME")
    if isinstance(node, exp.UtcTimestamp):
        return _typed(_stamp(utc), "TIMESTAMP")
    named = isinstance(node, exp.Anonymous) and str(node.this).lower() in LOCAL_NAMES
    return _typed(_stamp(local), "TIMESTAMP") if named or isinstance(node, LOCAL_TIMESTAMPS) else None


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _typed(text: str, kind: str) -> exp.Expr:
    return exp.cast(exp.Literal.string(text), exp.DataType.build(kind, dialect="duckdb"))
