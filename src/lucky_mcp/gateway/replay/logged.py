"""A statement as some log has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One statement that was sent, by which account, to which server and database, as far as they are known.

    `is_cut`: the log holds the beginning of the text only.
    """

    sql: str
    user: str = ""
    server: str = ""
    database: str = ""
    is_cut: bool = False
