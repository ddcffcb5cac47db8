"""What a read of keys gives back, and its failures in the caller's words."""

from __future__ import annotations

from lucky_mcp.errors import (
    Code,
    EngineErrorKind,
    LimitExceeded,
    QueryFailed,
    ReadError,
    SourceUnavailable,
    StatementRefused,
)
from lucky_mcp.gateway.execute import Executed, ExecutionFailed
from lucky_mcp.gateway.prepare_keys import PreparedKeys
from lucky_mcp.model.decision import Bound
from lucky_mcp.model.request import KeyAsk
from lucky_mcp.model.result import Digests, ReadResult, Receipt, Truncation
from lucky_mcp.model.source import Source

_AWAY = frozenset(
    {
        EngineErrorKind.UNAVAILABLE,
        EngineErrorKind.CANCELLED,
        EngineErrorKind.STALE,
        EngineErrorKind.FORBIDDEN,
    }
)


def key_result_of(
    id: str, elapsed_ms: int, digests: Digests, prepared: PreparedKeys, executed: Executed
) -> ReadResult:
    """Return the result of a read of keys."""
    read, rows, note = prepared.guarded, executed.rows, executed.route.note
    kept = tuple(rows.rows[: read.rows_max])
    truncation = Truncation.ROWS if len(rows.rows) > read.rows_max else Truncation.NONE
    is_one = read.ask is KeyAsk.READ
    return ReadResult(
        columns=rows.columns,
        rows=kept,
        truncation=Truncation.BYTES if rows.bytes_met else truncation,
        rows_max=read.rows_max,
        rows_cap=read.bound.rows_max,
        bytes=rows.bytes,
        cells_cut=rows.cells_cut,
        summary=rows.summary,
        receipt=Receipt(
            id=id,
            source=prepared.source.name,
            elapsed_ms=elapsed_ms,
            filters=prepared.rules if is_one else (),
            masked=tuple(_masked(each) for each in prepared.masks) if is_one else (),
            not_filtered=(),
            digests=digests,
            notes=(*rows.notes, *((note,) if note else ())),
        ),
    )


def _masked(written: str) -> tuple[str, str]:
    """Take `form.field:mask` apart; a form has colons of its own."""
    column, _, mask = written.rpartition(":")
    return column.rpartition(".")[2], mask


def keys_in_agent_words(failure: ExecutionFailed, source: Source, bound: Bound) -> ReadError:
    """Return the error that a caller is told for a server's failure, without what the server said."""
    name, kind = source.name, failure.kind
    if kind is EngineErrorKind.TOO_EXPENSIVE:
        return StatementRefused(
            "the value is too large to be read here",
            code=Code.TOO_LARGE,
            next_step="name one field of the hash with field, or lower limit",
            audit_detail=failure.detail,
        )
    if kind is EngineErrorKind.TIMEOUT:
        seconds = bound.timeout_ms / 1000
        return LimitExceeded(
            f"{name} did not answer within {seconds:g} s", next_step="lower limit, or try again"
        )
    if kind is EngineErrorKind.BUSY:
        return LimitExceeded(
            f"every connection to {name} that you may use is in use now",
            code=Code.SOURCE_BUSY,
            next_step="wait for your other reads to end, then try again",
            audit_detail=failure.detail,
        )
    if kind in _AWAY:
        return SourceUnavailable(
            f"{name} cannot be reached now",
            next_step="try again in a minute; other sources are not affected",
            audit_detail=failure.detail,
        )
    return QueryFailed(
        "the key could not be read: it changed while it was looked at",
        next_step="try again",
        audit_detail=failure.detail,
    )
