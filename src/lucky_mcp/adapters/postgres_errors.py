"""PostgreSQL's errors as psycopg raises them; their text stays inside the gateway."""

from __future__ import annotations

import psycopg

from lucky_mcp.adapters.postgres_states import state_error
from lucky_mcp.errors import EngineError, EngineErrorKind, LoginRefused

NOT_KNOWN = "authentication failed"


def postgres_error(failure: psycopg.Error) -> EngineError:
    """Return the failure as a closed kind with the driver's words as internal detail."""
    if failure.sqlstate:
        return state_error(failure.sqlstate, str(failure))
    if NOT_KNOWN in str(failure):  # said while connecting, when the driver has no state
        return LoginRefused(str(failure))
    # Without a word of the server: a lost connection, or a value that the driver cannot take.
    lost = isinstance(failure, psycopg.OperationalError | psycopg.InterfaceError)
    return EngineError(EngineErrorKind.UNAVAILABLE if lost else EngineErrorKind.RUNTIME, str(failure))
