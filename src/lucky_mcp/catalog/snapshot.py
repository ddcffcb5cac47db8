"""What a source holds: one immutable, reviewed snapshot per source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from lucky_mcp.catalog.column_types import (
    BOOLEANS,
    DECIMALS,
    FLOATS,
    INTEGERS,
    MORE_NUMBERS,
    MORE_TEXTS,
    TEXTS,
    base_type,
)
from lucky_mcp.model.names import TableName

VIEWS_NESTED_MAX = 16


class TypeFamily(StrEnum):
    """What a filter's literal may be compared with."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    OTHER = "other"


TIME_TYPES = ("DATE", "TIME", "TIMESTAMP", "DATETIME")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column as the engine reports it; `type` is the engine's own spelling.

    `collation` is how its text compares, where the engine says so for each column.
    """

    name: str
    type: str
    nullable: bool = True
    comment: str = ""
    collation: str = ""

    @property
    def family(self) -> TypeFamily:
        """The broad kind of the type."""
        base = base_type(self.type)[0]
        if base in BOOLEANS:
            return TypeFamily.BOOLEAN
        if base in TEXTS | MORE_TEXTS:
            return TypeFamily.TEXT
        if base in INTEGERS | DECIMALS | FLOATS | MORE_NUMBERS:
            return TypeFamily.NUMBER
        if base.startswith(TIME_TYPES):
            return TypeFamily.TIME
        return TypeFamily.OTHER


@dataclass(frozen=True, kw_only=True)
class ViewRead:
    """A table or view that a definition names.

    `needed` are the columns without which the view has no rows: all that stand elsewhere than in a column of
    the view's own that could be left out.
    """

    table: TableName
    needed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """How a view is read: one SELECT in the dialect agents write, every name in it settled.

    `origins` gives for each column of the view the columns that it is computed from; `scans` counts the base
    tables read once views and WITH entries in it are written out. A definition that is not accepted is left
    out, and `unavailable` says why, for reviewers.
    """

    definition: str = ""
    scans: int = 1
    reads: tuple[ViewRead, ...] = ()
    origins: tuple[tuple[str, tuple[tuple[TableName, str], ...]], ...] = ()
    unavailable: str = ""


@dataclass(frozen=True, kw_only=True, order=True)
class ForeignKey:
    """Columns that hold the key of another table, in the order of its columns."""

    columns: tuple[str, ...]
    table: TableName
    its_columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, or a view: columns in physical order, keys by column name."""

    name: TableName
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    comment: str = ""
    view: View | None = None

    def column(self, name: str) -> Column | None:
        """The column of exactly that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All tables and views of one source; `case_sensitive` is the server's rule for table names."""

    source: str
    tables: Mapping[TableName, Table]
    case_sensitive: bool = False

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of sha256 over the canonical JSON, so that equal snapshots agree."""
        canonical = json.dumps(as_document(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, str], TableName]:
        return {(self.key(name.schema), self.key(name.table)): name for name in self.tables}

    def key(self, name: str) -> str:
        """The form in which the server compares table names."""
        return name if self.case_sensitive else name.lower()

    def find(self, schema: str, table: str) -> TableName | None:
        """The table that the server would read for `schema.table`, spelled as the catalog spells it."""
        return self._by_key.get((self.key(schema), self.key(table)))

    def weight(self, name: TableName) -> int:
        """How many base tables are read for one name in FROM: 1, or all that a view comes to, written out."""
        table = self.tables.get(name)
        return table.view.scans if table is not None and table.view is not None else 1

    def named(self, table: str) -> tuple[TableName, ...]:
        """Every table with that leaf name, in any schema."""
        return tuple(sorted(name for (_, leaf), name in self._by_key.items() if leaf == self.key(table)))


def as_document(catalog: Catalog) -> dict[str, object]:
    """Return the JSON form that `policies/catalog/<source>.json` holds."""
    return {
        "source": catalog.source,
        "case_sensitive": catalog.case_sensitive,
        "tables": {str(name): _table_document(catalog.tables[name]) for name in sorted(catalog.tables)},
    }


def _table_document(table: Table) -> dict[str, object]:
    document: dict[str, object] = {
        "comment": table.comment,
        "columns": [_column_document(column) for column in table.columns],
        "primary_key": list(table.primary_key),
        "indexes": [list(index) for index in table.indexes],
    }
    if table.foreign_keys:
        document["foreign_keys"] = [_key_document(key) for key in table.foreign_keys]
    if table.view is not None:
        document["view"] = _view_document(table.view)
    return document


def _key_document(key: ForeignKey) -> dict[str, object]:
    return {"columns": list(key.columns), "table": str(key.table), "its_columns": list(key.its_columns)}


def _column_document(column: Column) -> dict[str, object]:
    document: dict[str, object] = {
        "name": column.name,
        "type": column.type,
        "nullable": column.nullable,
        "comment": column.comment,
    }
    return document | {"collation": column.collation} if column.collation else document


def _view_document(view: View) -> dict[str, object]:
    if view.unavailable:
        return {"unavailable": view.unavailable}
    return {
        "definition": view.definition,
        "scans": view.scans,
        "reads": {str(each.table): list(each.needed) for each in view.reads},
        "origins": {name: [f"{table}.{column}" for table, column in found] for name, found in view.origins},
    }
