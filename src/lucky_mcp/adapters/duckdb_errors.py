"""DuckDB's exceptions, told apart by class; their text stays inside the gateway."""

from __future__ import annotations

import duckdb

from lucky_mcp.errors import EngineError, EngineErrorKind

KINDS: tuple[tuple[type[duckdb.Error], EngineErrorKind], ...] = (
    (duckdb.InterruptException, EngineErrorKind.CANCELLED),
    (duckdb.ParserException, EngineErrorKind.INVALID_QUERY),
    (duckdb.CatalogException, EngineErrorKind.INVALID_QUERY),
    (duckdb.NotImplementedException, EngineErrorKind.INVALID_QUERY),
    (duckdb.ConnectionException, EngineErrorKind.UNAVAILABLE),
    (duckdb.IOException, EngineErrorKind.UNAVAILABLE),
    (duckdb.FatalException, EngineErrorKind.UNAVAILABLE),
)
UNKNOWN_COLUMN = (
    "not found in FROM clause",
    "does not have a column named",
    "Referenced table",
    "no column",
    "does not exist on",
)


def engine_error(failure: duckdb.Error) -> EngineError:
    """Return the failure as a closed kind with the driver's words as internal detail."""
    detail = str(failure)
    if isinstance(failure, duckdb.BinderException):
        return EngineError(_binder_kind(detail), detail)
    for kind, meaning in KINDS:
        if isinstance(failure, kind):
            return EngineError(meaning, detail)
    return EngineError(EngineErrorKind.RUNTIME, detail)


def _binder_kind(detail: str) -> EngineErrorKind:
    """A binder error is found before any row is read, so it cannot tell anything about rows."""
    if "Ambiguous reference" in detail or "ambiguous" in detail:
        return EngineErrorKind.AMBIGUOUS_NAME
    if any(words in detail for words in UNKNOWN_COLUMN):
        return EngineErrorKind.UNKNOWN_NAME
    return EngineErrorKind.INVALID_QUERY
