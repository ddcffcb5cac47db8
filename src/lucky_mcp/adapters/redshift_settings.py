"""What every session on Redshift is set to, so that it reads as the guard's text means it.

Only settings that Amazon documents: an unknown one would keep every read out. There is none for READ ONLY, so
each read has a transaction of its own (`BEGIN_READ`), and none that undoes all a session did (DISCARD).
"""

from __future__ import annotations

from collections.abc import Mapping

from lucky_mcp.adapters.postgres_settings import interval, set_statement
from lucky_mcp.enforcement.token_forms import CONTEXT
from lucky_mcp.model.source import Source

SETTINGS: dict[str, str] = {
    # Names in a guarded text are qualified, so the path serves the engine's own functions alone.
    "search_path": "pg_catalog",
    "datestyle": "ISO, MDY",
    "extra_float_digits": "0",
    # Names are small letters, quoted or not: the server's own default, and what agents write for it.
    "enable_case_sensitive_identifier": "off",
    "describe_field_name_in_uppercase": "off",
}
BEGIN_READ = "BEGIN READ ONLY"
END_READ = "ROLLBACK"
# With settings of a session gone and its transaction rolled back nothing is left: READ ONLY makes no
# temporary table, and the driver prepares no statement that has a name.
FORGET = "RESET ALL"
# For the transaction alone. The value is bound, so that it is in no statement's text.
PUT_KEY = f"SELECT set_config('{CONTEXT}', %s, true)"
HELD_KEY = f"SELECT current_setting('{CONTEXT}')"
# Texts are written for a server that reads a backslash in a string as an escape.
ESCAPES = "backslash_escapes"
BOOLEANS = {"true": "on", "false": "off"}


def pinned(source: Source, timeout_ms: int) -> dict[str, str]:
    """Return the settings for one read of at most `timeout_ms`."""
    return SETTINGS | {"timezone": source.time_zone, "statement_timeout": str(timeout_ms)}


def pin_statement(settings: Mapping[str, str]) -> str:
    """Return the one statement that sets them and answers what they are, and how a backslash is read."""
    return set_statement(settings) + ", LENGTH('\\\\')"


def expected(settings: Mapping[str, str]) -> dict[str, object]:
    """Return what the statement answers when all is as it was set."""
    return {**settings, ESCAPES: 1}


def as_answered(settings: Mapping[str, str], values: tuple[object, ...]) -> dict[str, object]:
    """Return the answer by name, with what has two spellings in the one that was asked for."""
    found = {name: str(value) for name, value in zip([*settings, ESCAPES], values, strict=False)}
    limit = settings["statement_timeout"]
    if found.get("statement_timeout") == interval(int(limit)):
        found["statement_timeout"] = limit
    return {name: BOOLEANS.get(value, value) for name, value in found.items()}
