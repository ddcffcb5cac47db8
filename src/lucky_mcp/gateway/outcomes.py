"""Engine failures in the agent's words: what to change, and never what the driver said."""

from __future__ import annotations

import difflib
import re

from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS
from lucky_mcp.errors import (
    Code,
    EngineErrorKind,
    LimitExceeded,
    NameRefused,
    QueryFailed,
    ReadError,
    SourceUnavailable,
)
from lucky_mcp.gateway.drift import changed_since_review
from lucky_mcp.gateway.execute import ExecutionFailed
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.unknown_columns import unknown_columns

# A driver that names the table as well names it first.
COLUMN = re.compile(r'column named "([^"]{1,128})"')
QUOTED = re.compile(r'"([^"]{1,128})"')
# A column that the guard names is missing, in the words of each engine; PostgreSQL's hints have it in quotes.
OUR_COLUMN = re.compile(rf"column '?{SCAN_ALIAS}\.|Table \"{SCAN_ALIAS}\" does not have", re.IGNORECASE)
NEAR_MAX = 5
_AWAY = ("{source} cannot be reached now", "try again in a minute; other sources are not affected")
# What was wrong, and what to do, when it was not the query.
UNAVAILABLE = {
    EngineErrorKind.UNAVAILABLE: _AWAY,
    EngineErrorKind.CANCELLED: _AWAY,
    EngineErrorKind.STALE: (
        "no replica of {source} is within {seconds} s of its primary now, and the primary is not read here",
        "try again in a minute; other sources are not affected",
    ),
    EngineErrorKind.GIVEN_UP: (
        "{source} gave the read up in favour of changes that it had to apply",
        "try again; read a shorter period if it happens again",
    ),
}


def in_agent_words(failure: ExecutionFailed, prepared: Prepared, sql: str) -> ReadError:
    """Return the error an agent is told for an engine's failure."""
    kind, detail = failure.kind, failure.detail
    if is_drift(failure, sql):
        return changed_since_review(prepared.source.name, detail)
    if kind is EngineErrorKind.UNKNOWN_NAME:
        return _unknown_column(prepared, _written(sql, detail), detail)
    if kind is EngineErrorKind.AMBIGUOUS_NAME:
        return NameRefused(
            "a column name is ambiguous: more than one table in FROM has it",
            code=Code.COLUMN_AMBIGUOUS,
            next_step="write alias.column",
            audit_detail=detail,
        )
    if kind is EngineErrorKind.TIMEOUT:
        seconds = prepared.guarded.bound.timeout_ms / 1000
        return LimitExceeded(
            f"the query was stopped after {seconds:g} s",
            next_step="read a shorter period, aggregate, or filter on a key",
        )
    if kind is EngineErrorKind.BUSY:
        return LimitExceeded(
            f"every connection to {prepared.source.name} that you may use is in use now",
            code=Code.SOURCE_BUSY,
            next_step="wait for your other reads to end, then try again",
            audit_detail=detail,
        )
    if kind is EngineErrorKind.FORBIDDEN:
        return changed_since_review(prepared.source.name, detail)
    if kind is EngineErrorKind.LOADED:
        return LimitExceeded(
            f"{prepared.source.name} has too much other work now for a read of this size",
            code=Code.SOURCE_BUSY,
            next_step="try again in 30 s; a read by key, or of a shorter period, is not held back",
            audit_detail=detail,
        )
    if kind in UNAVAILABLE:
        return _unavailable(kind, prepared, detail)
    if kind is EngineErrorKind.INVALID_QUERY:
        return QueryFailed(
            "the engine cannot run the statement: a function, type or clause does not fit",
            next_step="check argument types with describe_table, and GROUP BY against the selected columns",
            audit_detail=detail,
        )
    return QueryFailed(
        "the query failed while it ran: a value could not be converted or computed",
        next_step="check casts, divisions and scalar subqueries that may give several rows",
        audit_detail=detail,
    )


def _unavailable(kind: EngineErrorKind, prepared: Prepared, detail: str) -> SourceUnavailable:
    what, next_step = UNAVAILABLE[kind]
    source = prepared.source
    return SourceUnavailable(
        what.format(source=source.name, seconds=f"{source.replication.stop_s:g}"),
        next_step=next_step,
        audit_detail=detail,
    )


def is_drift(failure: ExecutionFailed, sql: str) -> bool:
    """Whether the source is not as it was reviewed: a table or a column of the guard's is gone."""
    if failure.kind is EngineErrorKind.CHANGED:
        return True
    if failure.kind is not EngineErrorKind.UNKNOWN_NAME or SCAN_ALIAS in sql.lower():
        return False
    return OUR_COLUMN.search(failure.detail) is not None


def _written(sql: str, detail: str) -> str:
    """Return the name in a driver's words only when it stands in the agent's own text."""
    match = COLUMN.search(detail) or QUOTED.search(detail)
    written = match.group(1) if match else ""
    found = re.search(rf"(?<![\w]){re.escape(written)}(?![\w])", sql, re.IGNORECASE)
    return written if found else ""


def refuse_unknown_columns(prepared: Prepared, sql: str) -> None:
    """Raise what the engine would lead to, for a column that exists nowhere in the statement."""
    shown = (column.name for table in prepared.permit.tables for column in table.columns)
    for written in unknown_columns(sql, GRAMMARS[prepared.source.dialect], shown):
        raise _unknown_column(prepared, written)


def _unknown_column(prepared: Prepared, written: str, detail: str = "") -> NameRefused:
    """Return the refusal of a column; `written` is the agent's own word for it, or ""."""
    visible = {c.name.lower(): c.name for table in prepared.permit.tables for c in table.columns}
    near = difflib.get_close_matches(written.lower(), visible, n=NEAR_MAX, cutoff=0.6) if written else []
    tables = ", ".join(str(table.table) for table in prepared.permit.tables)
    return NameRefused(
        f"there is no column {written!r} here for you"
        if written
        else "a column in the statement does not exist for you",
        nearest=tuple(visible[name] for name in near),
        next_step=f"call describe_table for {tables}" if tables else "check the column names",
        audit_detail=detail,
    )
