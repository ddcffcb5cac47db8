"""What a crawl reads and what it comes to, the same for every engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lucky_mcp.catalog.bootstrap import SYSTEM_SCHEMAS
from lucky_mcp.catalog.snapshot import Catalog, Column, ForeignKey, Table
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Source

Rows = Sequence[tuple[object, ...]]
Ask = Callable[[str], Awaitable[Rows]]
"""Reads one text as `system:catalog` through the gateway; raises when the answer was cut."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is in a source: tables, and views with their definitions in the engine's own words.

    `closed` are views that cannot be had, each with the reason.
    """

    tables: Catalog
    views: Mapping[TableName, Table] = field(default_factory=dict)
    definitions: Mapping[TableName, str] = field(default_factory=dict)
    closed: Mapping[TableName, str] = field(default_factory=dict)


Crawler = Callable[[Ask, Source], Awaitable[Found]]


def text(value: object) -> str:
    """Return a cell as text, "" for NULL."""
    return "" if value is None else str(value)


def name_of(schema: object, table: object) -> TableName | None:
    """Return a table's name; None for the engine's own, and for one with a dot: no snapshot holds it."""
    if text(schema).lower() in SYSTEM_SCHEMAS or "." in f"{schema}{table}":
        return None
    return TableName(schema=text(schema), table=text(table))


def by_table(rows: Rows) -> Mapping[TableName, list[tuple[object, ...]]]:
    """Return the rows, which begin with schema and table, by table and in their order, without these two."""
    found: dict[TableName, list[tuple[object, ...]]] = defaultdict(list)
    for schema, table, *rest in rows:
        name = name_of(schema, table)
        if name is not None:
            found[name].append(tuple(rest))
    return found


def table_of(
    name: TableName,
    columns: Iterable[Column],
    *,
    comment: str = "",
    primary_key: tuple[str, ...] = (),
    indexes: Iterable[tuple[str, ...]] = (),
    foreign_keys: tuple[ForeignKey, ...] = (),
) -> Table:
    """Return a table; its indexes each once, the primary key's first."""
    every = ((primary_key,) if primary_key else ()) + tuple(sorted(set(indexes) - {primary_key}))
    return Table(
        name=name,
        columns=tuple(columns),
        primary_key=primary_key,
        indexes=every,
        foreign_keys=foreign_keys,
        comment=comment,
    )
