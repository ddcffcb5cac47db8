"""Redshift's errors as its driver raises them; their text stays inside the gateway."""

from __future__ import annotations

from redshift_connector.error import Error

from lucky_mcp.adapters.postgres_states import state_error
from lucky_mcp.errors import EngineError, EngineErrorKind


def redshift_error(failure: Exception) -> EngineError:
    """Return the failure as a closed kind with the driver's words as internal detail.

    The driver raises the server's message as a mapping (C: SQLSTATE, M: message), and anything else when the
    connection is lost, another thread closes it, or a message makes no sense.
    """
    said = failure.args[0] if failure.args else None
    if isinstance(failure, Error) and isinstance(said, dict):
        return state_error(str(said.get("C", "")), str(said.get("M", "")))
    return EngineError(EngineErrorKind.UNAVAILABLE, f"{type(failure).__name__}: {failure}")
