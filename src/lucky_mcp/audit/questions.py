"""The questions that auditors ask, as tables: a header and rows of plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lucky_mcp.audit.reads import Made, columns_of

Row = tuple[object, ...]
READS = ("at", "receipt", "principal", "roles", "app", "source", "outcome", "rows", "columns", "sql")
READERS = ("principal", "roles", "app", "source", "column", "shown_as", "reads", "rows", "first", "last")
ACCESS = ("role", "principal", "source", "column", "tags", "shown_as", "reads", "rows", "last")
SUBJECT = ("how", "at", "receipt", "principal", "roles", "app", "source", "outcome", "rows", "columns", "sql")
PLAIN = "as it is"


@dataclass
class _Sum:
    reads: int = 0
    rows: int = 0
    times: list[str] = field(default_factory=list)

    def add(self, made: Made) -> None:
        self.reads += 1
        self.rows += made.rows
        self.times.append(_at(made))


def who_read(reads: Iterable[Made], wanted: str) -> list[Row]:
    """Return a row for each caller and column, of reads that were sent; the gateway's own among them."""
    found: dict[tuple[str, ...], _Sum] = {}
    for made in reads:
        for column in columns_of(made, wanted):
            shown = made.masked.get(column, PLAIN)
            key = (made.principal, " ".join(made.roles), made.app, made.source, column, shown)
            found.setdefault(key, _Sum()).add(made)
    return [
        (*key, total.reads, total.rows, min(total.times), max(total.times))
        for key, total in sorted(found.items())
    ]


def access_by_role(reads: Iterable[Made], role: str) -> list[Row]:
    """Return what the callers of a role ("": of every role) have read: a row for each caller and column."""
    found: dict[tuple[str, ...], _Sum] = {}
    for made in reads:
        tags: dict[str, list[str]] = {}
        for column, _, tag in (each.rpartition(":") for each in made.tags):
            tags.setdefault(column, []).append(tag)
        for each in made.roles:
            if role not in ("", each) or made.is_system:
                continue
            for column in made.columns:
                shown = made.masked.get(column, PLAIN)
                key = (each, made.principal, made.source, column, " ".join(tags.get(column, ())), shown)
                found.setdefault(key, _Sum()).add(made)
    return [(*key, total.reads, total.rows, max(total.times)) for key, total in sorted(found.items())]


def about(reads: Iterable[Made], forms: frozenset[str], sensitive: frozenset[str]) -> list[Row]:
    """Return the reads that may have shown something about whom these words stand for.

    `named`: the statement has one of the words, refused ones as well. `among others`: it has none, and rows
    with columns of a `sensitive` tag came back: the person may be in them.
    """
    found: list[Row] = []
    for made in reads:
        if made.is_system:
            continue
        if made.names(forms):
            found.append(("named", *read_row(made)))
        elif made.rows and any(columns_of(made, tag) for tag in sensitive):
            found.append(("among others", *read_row(made)))
    return sorted(found, key=lambda row: (row[0] != "named", str(row[1])))


def read_row(made: Made) -> Row:
    """Return the row of one read under the header READS."""
    roles, columns = " ".join(made.roles), " ".join(made.columns)
    return (
        _at(made),
        made.id,
        made.principal,
        roles,
        made.app,
        made.source,
        made.outcome or "no end",
        made.rows,
        columns,
        made.sql,
    )


def _at(made: Made) -> str:
    return made.at.isoformat(timespec="seconds")
