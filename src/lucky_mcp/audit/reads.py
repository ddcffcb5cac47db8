"""Reads out of the log: who read which columns, what was read about somebody, what a role is used for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lucky_mcp.audit.read_log import SYSTEM_PREFIX

WORDS = re.compile(r"~[0-9a-f]{16}|\w+")


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `since` on, and before `until`; None is without an end."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, at: datetime) -> bool:
        """Whether a time is in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, kw_only=True)
class Made:
    """One read as the log has it; `outcome` is "ok", an error code, or "" when the log has no end of it.

    `app` asked for the principal, "" for none.
    `columns`, `tags` and `masks` are as in the record, empty for what was refused before it was sent.
    """

    id: str
    at: datetime
    principal: str
    roles: tuple[str, ...]
    source: str
    outcome: str
    rows: int
    sql: str
    app: str = ""
    columns: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()

    @property
    def is_system(self) -> bool:
        """Whether the gateway read for itself."""
        return self.principal.startswith(SYSTEM_PREFIX)

    @property
    def masked(self) -> Mapping[str, str]:
        """The mask of each masked column that it may have read."""
        return dict(each.rpartition(":")[::2] for each in self.masks)

    def names(self, forms: frozenset[str]) -> bool:
        """Whether one of these words stands in its statement."""
        return not forms.isdisjoint(WORDS.findall(self.sql))


def reads(records: Iterable[Mapping[str, Any]], period: Period) -> Iterator[Made]:
    """Yield the reads of a log that began in the period, refused ones as well, in the order they ended.

    Those that the log has no end of, because their process was killed, come last.
    """
    begun: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if record.get("event") == "begun":
            begun[record["id"]] = record
        elif record.get("event") == "ended":
            found = _made(begun.pop(record["id"], record), record)
            if found is not None and period.has(found.at):
                yield found
    for record in begun.values():
        found = _made(record, {})
        if found is not None and period.has(found.at):
            yield found


def columns_of(made: Made, wanted: str) -> tuple[str, ...]:
    """Return the columns of a read that `wanted` means.

    That is a tag or what is above it (`pii.phone`, `pii`), or a column, as much of `schema.table.column` from
    its end as one likes.
    """
    by_tag = [
        column
        for column, _, tag in (each.rpartition(":") for each in made.tags)
        if f"{tag}.".startswith(f"{wanted}.")
    ]
    by_name = [column for column in made.columns if f".{column}".endswith(f".{wanted}")]
    return tuple(dict.fromkeys((*by_tag, *by_name)))


def _made(said: Mapping[str, Any], ended: Mapping[str, Any]) -> Made | None:
    try:
        return Made(
            id=said["id"],
            at=datetime.fromisoformat(said["at"]),
            principal=said["principal"],
            roles=tuple(said.get("roles", ())),
            source=said["source"],
            outcome=str(ended.get("outcome", "")),
            rows=int(ended.get("rows", 0)),
            sql=str(said.get("sql_asked", "")),
            app=str(said.get("app", "")),
            columns=tuple(said.get("columns", ())),
            tags=tuple(said.get("tags", ())),
            masks=tuple(said.get("masks", ())),
        )
    except (KeyError, TypeError, ValueError):
        return None
