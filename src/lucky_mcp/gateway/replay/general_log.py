"""The general query log of MySQL and MariaDB: what each connection asked, where and as which account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lucky_mcp.gateway.replay.logged import Logged

# MySQL begins a line with a time of ISO 8601; MariaDB with `YYMMDD HH:MM:SS`, or with nothing when the second
# is that of the line above.
_ENTRY = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)|\d{6} [ \d]\d:\d\d:\d\d|\t)\t"
    r"\s*(?P<id>\d+) (?P<command>[A-Z][A-Za-z]+(?: [A-Za-z]+)?)(?:\t(?P<text>.*))?"
)
_CONNECT = re.compile(r"(?P<user>[^@\s\[]*)\S* on ?(?P<database>\S*)(?: using .*)?")
_USE = re.compile(r"use\s+`?(?P<database>\w+)`?\s*;?\s*", re.IGNORECASE)
# Prepare has the text with its values still missing; Execute has them in it.
ASKED = frozenset({"Query", "Execute"})


@dataclass
class _Connections:
    users: dict[str, str] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Entry:
    id: str
    command: str
    text: str


def is_general_log(line: str) -> bool:
    """Whether a line is one of this log's."""
    return _ENTRY.fullmatch(line) is not None


def read_general_log(lines: Iterable[str]) -> Iterator[Logged]:
    """Yield what was asked; a statement of several lines is put together again."""
    known = _Connections()
    for entry in _entries(lines):
        if entry.command in {"Connect", "Change user"}:
            found = _CONNECT.match(entry.text)
            if found:
                known.users[entry.id] = found["user"]
                known.databases[entry.id] = "" if found["database"] == "using" else found["database"]
        elif entry.command == "Init DB":
            known.databases[entry.id] = entry.text.strip()
        elif entry.command in ASKED:
            used = _USE.fullmatch(entry.text)
            if used:
                known.databases[entry.id] = used["database"]
            yield Logged(
                sql=entry.text.strip(),
                user=known.users.get(entry.id, ""),
                database=known.databases.get(entry.id, ""),
            )


def _entries(lines: Iterable[str]) -> Iterator[_Entry]:
    head: re.Match[str] | None = None
    parts: list[str] = []
    for line in lines:
        found = _ENTRY.fullmatch(line)
        if found is None:
            parts.append(line)
            continue
        if head is not None:
            yield _entry(head, parts)
        head, parts = found, [found["text"] or ""]
    if head is not None:
        yield _entry(head, parts)


def _entry(head: re.Match[str], parts: list[str]) -> _Entry:
    return _Entry(id=head["id"], command=head["command"], text="\n".join(parts))
