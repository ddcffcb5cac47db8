"""What every session on MySQL, MariaDB and Doris is set to, so that it reads as the guard's text means it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lucky_mcp.adapters.session import LOCK_WAIT_SECONDS, TEXT_MAX
from lucky_mcp.model.source import Dialect, Source

CHARSET = "utf8mb4"
COLLATION = "utf8mb4_general_ci"
# Without ANSI_QUOTES, PIPES_AS_CONCAT and NO_BACKSLASH_ESCAPES: the text is written for a server without.
SQL_MODE = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
# Doris heeds the three as well, and names the modes in an order of its own: of one there is but one order.
DORIS_SQL_MODE = "ONLY_FULL_GROUP_BY"
# Stands in no setting.
SEPARATOR = "\x1f"
FORBIDDEN_MODES = frozenset({"ANSI_QUOTES", "PIPES_AS_CONCAT", "NO_BACKSLASH_ESCAPES", "ANSI", "ORACLE"})


class Flavour(StrEnum):
    """Servers of one protocol that name their settings differently."""

    MYSQL = "mysql"
    MARIADB = "mariadb"
    DORIS = "doris"


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """One setting: its name, the value it must have, and the SQL for that value where it is another."""

    name: str
    value: str | int | float
    sql: str = ""

    def assignment(self) -> str:
        """Return `name = value` as it stands in a SET."""
        value = str(self.value)
        if isinstance(self.value, str):
            value = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        return f"SESSION {self.name} = {self.sql or value}"


def flavour_of(source: Source, version: str) -> Flavour:
    """Return which server it is by what it says when one connects."""
    if source.dialect is Dialect.DORIS:
        return Flavour.DORIS
    return Flavour.MARIADB if "mariadb" in version.lower() else Flavour.MYSQL


def pinned(flavour: Flavour, source: Source, collation: str, timeout_ms: int) -> tuple[Pinned, ...]:
    """Return the settings of a session that runs one read of at most `timeout_ms`."""
    zone = Pinned(name="time_zone", value=source.time_zone)
    if flavour is Flavour.DORIS:
        # It takes `max_execution_time` for the same thing in other units, and READ ONLY without meaning it.
        return (
            Pinned(name="sql_mode", value=DORIS_SQL_MODE),
            zone,
            Pinned(name="query_timeout", value=max(1, -(-timeout_ms // 1000))),
        )
    limit = (
        Pinned(name="max_statement_time", value=max(timeout_ms, 1) / 1000)
        if flavour is Flavour.MARIADB
        else Pinned(name="max_execution_time", value=max(timeout_ms, 1))
    )
    read_only = "tx_read_only" if flavour is Flavour.MARIADB else "transaction_read_only"
    return (
        Pinned(name="sql_mode", value=SQL_MODE),
        zone,
        Pinned(name="character_set_client", value=CHARSET),
        Pinned(name="character_set_connection", value=CHARSET),
        Pinned(name="character_set_results", value=CHARSET),
        Pinned(name="collation_connection", value=collation),
        # Each statement is a transaction of its own, and each of them is READ ONLY.
        Pinned(name="autocommit", value=1),
        Pinned(name=read_only, value=1),
        limit,
        Pinned(name="lock_wait_timeout", value=LOCK_WAIT_SECONDS),
        # What would change an answer without a word.
        Pinned(name="sql_select_limit", value=str(2**64 - 1), sql=str(2**64 - 1)),
        Pinned(name="group_concat_max_len", value=TEXT_MAX),
        Pinned(name="div_precision_increment", value=4),
        Pinned(name="default_week_format", value=0),
        Pinned(name="lc_time_names", value="en_US"),
        Pinned(name="sql_auto_is_null", value=0),
        Pinned(name="sql_big_selects", value=1),
    )


def set_statement(settings: tuple[Pinned, ...], more: tuple[str, ...] = ()) -> str:
    """Return the one statement that sets them all, and `more`."""
    return "SET " + ", ".join([*(each.assignment() for each in settings), *more])


def select_statement(settings: tuple[Pinned, ...], variable: str = "") -> str:
    """Return the statement that shows what they are, what is in a variable, and who one is.

    All in one text, its parts between SEPARATORs: a driver takes longer for twenty columns than the server.
    """
    # As text a switch is ON or OFF on some servers, and as a number one on all.
    shown = (f"@@SESSION.{each.name}{'' if isinstance(each.value, str) else ' + 0'}" for each in settings)
    told = ", ".join([*shown, f"COALESCE(@{variable}, '')" if variable else "''", "CONNECTION_ID()"])
    return f"SELECT CONCAT_WS('{SEPARATOR}', {told})"
