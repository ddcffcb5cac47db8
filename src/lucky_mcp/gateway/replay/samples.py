"""Samples of a server's process list: one statement may be in many of them, and counts once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping

from lucky_mcp.gateway.replay.logged import Logged

MYSQL_HEADER = ("Id", "User", "Host", "db", "Command")
# SHOW PROCESSLIST without FULL ends there; PostgreSQL at track_activity_query_size less one.
SHORT_CHARS = 100
ACTIVITY_BYTES = 1023
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


def is_process_list(line: str) -> bool:
    """Whether a line is the header of `SHOW FULL PROCESSLIST` as `mysql --batch` prints it."""
    return tuple(line.split("\t")[: len(MYSQL_HEADER)]) == MYSQL_HEADER


def is_activity(line: str) -> bool:
    """Whether a line is the header of `pg_stat_activity` as CSV."""
    return {"pid", "query"} <= set(line.split(","))


def read_process_list(lines: Iterable[str]) -> Iterator[Logged]:
    """Yield each statement of samples of MySQL that stand below each other, each with its header or not."""
    header: list[str] = []
    seen: set[tuple[str, str]] = set()
    for line in lines:
        cells = line.split("\t")
        if is_process_list(line):
            header = cells
            continue
        row = dict(zip(header, cells, strict=False))
        text = _unescaped(row.get("Info", ""))
        if row.get("Command") not in {"Query", "Execute"} or text in {"", "NULL"}:
            continue
        if (row["Id"], text) not in seen:
            seen.add((row["Id"], text))
            database = "" if row.get("db") == "NULL" else row.get("db", "")
            yield Logged(
                sql=text, user=row.get("User", ""), database=database, is_cut=len(text) == SHORT_CHARS
            )


def read_activity(lines: Iterable[str]) -> Iterator[Logged]:
    """Yield each statement of samples of PostgreSQL, as `psql --csv` prints them."""
    seen: set[tuple[str, str, str]] = set()
    header: list[str] = []
    for cells in csv.reader(f"{line}\n" for line in lines):
        if {"pid", "query"} <= set(cells):
            header = cells
            continue
        row: Mapping[str, str] = dict(zip(header, cells, strict=False))
        text = row.get("query", "").strip()
        key = (row.get("pid", ""), row.get("query_start", ""), text)
        if not text or key in seen or row.get("backend_type", "client backend") != "client backend":
            continue
        seen.add(key)
        yield Logged(
            sql=text,
            user=row.get("usename", ""),
            database=row.get("datname", ""),
            is_cut=len(text.encode()) == ACTIVITY_BYTES,
        )


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)
