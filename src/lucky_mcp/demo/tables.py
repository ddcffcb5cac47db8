"""The shape of generated data: columns, tables with their rows, and the fleet that holds them.

Generators fill these values and writers read them, so neither has to know the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a demo table; `type` is written as DuckDB spells it, for example `DECIMAL(12,2)`."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of one source with all its rows, each row in the order of `columns`.

    At the largest scale `rows` are `LazyRows`: iterate over them, and never twice without need.
    """

    source: str
    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


@dataclass(frozen=True, kw_only=True)
class View:
    """One view of one source; `sql` names tables of that source, in words DuckDB and its server share."""

    source: str
    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    sql: str


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Every table and view of one generated fleet, and the arguments that produced it.

    `end` is the last day that has data.
    """

    seed: int
    end: date
    scale: str
    tables: tuple[Table, ...]
    views: tuple[View, ...] = ()

    def table(self, source: str, schema: str, name: str) -> Table:
        """Return one table, or raise LookupError: a misspelt name must not look like an empty table."""
        for table in self.tables:
            if (table.source, table.schema, table.name) == (source, schema, name):
                return table
        raise LookupError(f"the demo fleet has no table {source} {schema}.{name}")
