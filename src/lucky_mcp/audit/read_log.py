"""What people asked, out of audit logs: each question once, with how it ended and how often it was asked."""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lucky_mcp.audit.segment_files import segments_in
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.principal import Principal

SYSTEM_PREFIX = "system:"
OK = frozenset({"ok", "permit"})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question of callers with these roles; `outcome` is "ok" or a code, `receipt` one of its receipts.

    `person` is the subject of one who asked it, `app_roles` are those of the app that asked for the person,
    `rules` what the records say it was permitted by.
    """

    roles: tuple[str, ...]
    source: str
    sql: str
    outcome: str
    receipt: str
    times: int = 1
    person: str = ""
    app_roles: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def along_with(self, other: Asked) -> Asked:
        """Return it together with the same question, asked at other times."""
        rules = tuple(dict.fromkeys((*other.rules, *self.rules)))
        return replace(self, times=self.times + other.times, rules=rules)

    def caller(self, subject: str, attributes: Mapping[str, tuple[str, ...]]) -> Principal:
        """Return who asks it again, with the same roles, through an app with the same ones."""
        app = Principal(subject="app:replayed", roles=self.app_roles, attributes=attributes)
        return Principal(
            subject=subject, roles=self.roles, attributes=attributes, app=app if self.app_roles else None
        )


def asked(paths: Iterable[Path], since: datetime) -> tuple[Asked, ...]:
    """Return the questions of each person since then, the most frequent first; damaged lines are left out.

    A text that was cut for the log cannot be asked again and is left out as well. ConfigurationError for a
    file that cannot be read.
    """
    found: dict[Hashable, Asked] = {}
    for each in _questions(records_in(paths), since):
        key = (each.person, each.roles, each.app_roles, each.source, each.sql, each.outcome)
        known = found.get(key)
        found[key] = each if known is None else each.along_with(known)
    return tuple(sorted(found.values(), key=lambda each: (-each.times, each.source, each.sql, each.roles)))


def as_one(questions: Iterable[Asked], named: Collection[str]) -> tuple[Asked, ...]:
    """Return the questions, those of people that are not `named` put together with person ""."""
    found: dict[Hashable, Asked] = {}
    for each in questions:
        person = each.person if each.person in named else ""
        key = (person, each.roles, each.app_roles, each.source, each.sql, each.outcome)
        known = found.get(key)
        found[key] = replace(each, person=person) if known is None else known.along_with(each)
    return tuple(sorted(found.values(), key=lambda each: (-each.times, each.source, each.sql, each.roles)))


def _questions(records: Iterable[Mapping[str, Any]], since: datetime) -> Iterator[Asked]:
    begun: dict[str, Mapping[str, Any]] = {}
    for record in records:
        event = record.get("event")
        if event == "begun":
            begun[record["id"]] = record
        elif event in {"ended", "explained"}:
            said = begun.pop(record["id"], record)
            made = _question(record, said, since)
            if made is not None:
                yield made


def _question(ended: Mapping[str, Any], said: Mapping[str, Any], since: datetime) -> Asked | None:
    sql, roles = said.get("sql_asked"), said.get("roles")
    if not sql or not roles or ended["principal"].startswith(SYSTEM_PREFIX) or sql.endswith(" characters)"):
        return None
    if datetime.fromisoformat(ended["at"]) < since:
        return None
    outcome = ended.get("outcome") or ended.get("code") or "ok"
    return Asked(
        roles=tuple(roles),
        source=ended["source"],
        sql=sql,
        outcome="ok" if outcome in OK else outcome,
        receipt=ended["id"],
        person=ended["principal"],
        app_roles=tuple(said.get("app_roles") or ()),
        rules=tuple(said.get("filters") or ()),
    )


def log_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files themselves, and of a directory its segments, in order.

    ConfigurationError for a directory that cannot be listed.
    """
    for path in paths:
        if path.is_dir():
            yield from (segment.path for segment in segments_in(path))
        else:
            yield path


def records_in(paths: Iterable[Path]) -> Iterator[Mapping[str, Any]]:
    """Yield the records of logs, files or directories, in the order of their segments; damaged lines not.

    ConfigurationError for a file that cannot be read.
    """
    for path in log_files(paths):
        try:
            with path.open(encoding="ascii", errors="replace") as file:
                for line in file:
                    record = _record(line)
                    if record is not None:
                        yield record
        except OSError as failure:
            raise ConfigurationError(f"{path}: the audit log cannot be read ({failure.strerror})") from None


def _record(line: str) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    needed = ("id", "at", "principal")
    is_whole = isinstance(record, dict) and all(isinstance(record.get(name), str) for name in needed)
    return record if is_whole and isinstance(record.get("source", ""), str) else None
