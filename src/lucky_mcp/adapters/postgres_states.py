"""SQLSTATE, as PostgreSQL and the servers that speak its protocol give it, as a closed kind."""

from __future__ import annotations

import re

from lucky_mcp.errors import EngineError, EngineErrorKind, LoginRefused

STATES: dict[str, EngineErrorKind] = {
    "42702": EngineErrorKind.AMBIGUOUS_NAME,
    "42703": EngineErrorKind.UNKNOWN_NAME,
    "42P01": EngineErrorKind.CHANGED,
    "3F000": EngineErrorKind.CHANGED,
    "42501": EngineErrorKind.FORBIDDEN,
    "25006": EngineErrorKind.INVALID_QUERY,  # it would write
    "0A000": EngineErrorKind.INVALID_QUERY,
    "57014": EngineErrorKind.TIMEOUT,  # nobody but the time limit or the gateway itself cancels
    "55P03": EngineErrorKind.TIMEOUT,
    "40001": EngineErrorKind.GIVEN_UP,  # reads do not conflict but on a standby, with what it replays
    "40P01": EngineErrorKind.GIVEN_UP,
}
CLASSES: dict[str, EngineErrorKind] = {
    "08": EngineErrorKind.UNAVAILABLE,
    "28": EngineErrorKind.UNAVAILABLE,
    "3D": EngineErrorKind.UNAVAILABLE,
    "42": EngineErrorKind.INVALID_QUERY,
    "53": EngineErrorKind.UNAVAILABLE,
    "57": EngineErrorKind.UNAVAILABLE,
}
LOGIN = "28"
# Of the same state as a table that is gone: the statement's own alias, as it was not written in FROM.
UNKNOWN_ALIAS = re.compile(r'FROM-clause entry for table "(?P<name>.+?)"')
UNKNOWN_COLUMN = re.compile(r'column ("?)(?P<name>.+?)\1 does not exist')


def state_error(state: str, detail: str) -> EngineError:
    """Return the kind of a state of five characters, with the server's words as internal detail."""
    if state.startswith(LOGIN):
        return LoginRefused(detail)
    alias = UNKNOWN_ALIAS.search(detail) if state == "42P01" else None
    if alias:
        return EngineError(EngineErrorKind.UNKNOWN_NAME, f'"{alias["name"]}": {detail}')
    kind = STATES.get(state) or CLASSES.get(state[:2]) or EngineErrorKind.RUNTIME
    if kind is EngineErrorKind.UNKNOWN_NAME:
        match = UNKNOWN_COLUMN.search(detail)
        detail = f'"{match["name"].rpartition(".")[2]}": {detail}' if match else detail
    return EngineError(kind, detail)
