"""What every session on PostgreSQL is set to, so that it reads as the guard's text means it."""

from __future__ import annotations

from collections.abc import Mapping

from lucky_mcp.adapters.session import LOCK_WAIT_SECONDS
from lucky_mcp.model.source import Source

# Names in a guarded text are qualified, so the path serves the engine's own functions alone.
SEARCH_PATH = "pg_catalog, pg_temp"
SETTINGS: dict[str, str] = {
    "search_path": SEARCH_PATH,
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "read committed",
    "lock_timeout": f"{LOCK_WAIT_SECONDS}s",
    "idle_in_transaction_session_timeout": "1min",
    # What would change an answer, or how it is written, without a word.
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "xmlbinary": "base64",
    "row_security": "on",
    # An order that was chosen by counts of hidden rows could fail where another answers (decision 0012).
    "join_collapse_limit": "1",
    "from_collapse_limit": "1",
    "geqo": "off",
}
# A client that is gone is noticed while a query runs; servers before 14 do not know it.
CHECK_INTERVAL = ("client_connection_check_interval", "1s")
CHECK_INTERVAL_SINCE = 140000


def pinned(source: Source, server_version: int, timeout_ms: int) -> dict[str, str]:
    """Return the settings for one read of at most `timeout_ms`, as the server says them."""
    found = SETTINGS | {"TimeZone": source.time_zone, "statement_timeout": interval(timeout_ms)}
    if server_version >= CHECK_INTERVAL_SINCE:
        found |= dict([CHECK_INTERVAL])
    return found


def set_statement(settings: Mapping[str, str]) -> str:
    """Return the one statement that sets them; it answers with what they are then."""
    parts = [f"set_config({_literal(name)}, {_literal(value)}, false)" for name, value in settings.items()]
    return "SELECT " + ", ".join(parts)


def _literal(text: str) -> str:
    """Right with standard_conforming_strings on or off: no backslash may be in it."""
    if "\\" in text:
        raise ValueError("a setting holds a backslash")
    return "'" + text.replace("'", "''") + "'"


def interval(ms: int) -> str:
    """Return milliseconds the way SHOW prints them, in the largest unit that is whole."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"
