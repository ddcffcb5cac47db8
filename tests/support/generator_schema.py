"""What generated queries are written over: tables, typed columns, and literals worth comparing with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from hypothesis.vendor.pretty import RepresentationPrinter

from lucky_mcp.demo.tables import Column, Fleet, Table
from tests.support.generator_dialects import FEATURES, Features
from tests.support.generator_fleet import split_rows
from tests.support.reference import HIDDEN, MASKS, Row, clean_tables, records

LITERALS_MAX = 9


class Kind(StrEnum):
    """The kinds of values that a query may compare with each other."""

    INT = "int"
    MONEY = "money"
    FLOAT = "float"
    TEXT = "text"
    TIME = "time"
    DATE = "date"
    BOOL = "bool"


@dataclass(frozen=True)
class Field:
    """A column of something in FROM; `literals` are SQL texts of values that occur in it or hide in it."""

    name: str
    kind: Kind
    literals: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableShape:
    """A base table as a role sees it: visible columns in physical order, and names it must not see."""

    schema: str
    name: str
    fields: tuple[Field, ...]
    denied: tuple[str, ...]
    key: str  # a visible column that no two rows have alike
    needs_schema: bool = False


@dataclass(frozen=True)
class World:
    """One source as one role may query it in one dialect."""

    source: str
    role: str
    dialect: str
    tables: tuple[TableShape, ...] = field(repr=False)
    lacks: frozenset[str] = frozenset()  # what a server of the dialect has not, or has a defect of its own in

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Show a failing example without the tables, which are the same in each."""
        printer.text(repr(self))

    @property
    def folds_text(self) -> bool:
        """Whether text compares without case."""
        return self.dialect == "mysql"

    @property
    def features(self) -> Features:
        """What the dialect has."""
        return FEATURES[self.dialect]

    def has(self, construct: str) -> bool:
        """Whether the dialect has a construct."""
        return construct in self.features.constructs and construct not in self.lacks

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of every column."""
        return tuple(field.kind for table in self.tables for field in table.fields)

    def quoted(self, name: str) -> str:
        """Return the name in the dialect's quotes."""
        return f"{self.features.quote}{name}{self.features.quote}"


def world(fleet: Fleet, role: str, source: str, dialect: str) -> World:
    """Return the source's tables with literals of the raw rows and of the masked ones."""
    clean = {table.name: table for table in clean_tables(fleet, role)}
    shapes = tuple(
        shape_of(table, clean[table.name], fleet, role, dialect)
        for table in fleet.tables
        if table.source == source
    )
    return World(source=source, role=role, dialect=dialect, tables=shapes)


def shape_of(table: Table, clean: Table, fleet: Fleet, role: str, dialect: str) -> TableShape:
    """Return a table as a role sees it, with literals of its raw rows and of the masked ones."""
    visible, hidden = split_rows(fleet, table.name)
    masked = records(clean)
    fields = [
        Field(column.name, kind_of(column), literals_of(column, (masked, visible, hidden), dialect))
        for column in clean.columns
    ]
    denied = tuple(c.name for c in table.columns if MASKS[role].get(c.name) is HIDDEN)
    shape = TableShape(table.schema, table.name, tuple(fields), denied, key=table.primary_key[0])
    return shape


def kind_of(column: Column) -> Kind:
    """Return the kind of a demo column."""
    base = column.type.partition("(")[0]
    kinds = {"BIGINT": Kind.INT, "INTEGER": Kind.INT, "DECIMAL": Kind.MONEY, "DOUBLE": Kind.FLOAT}
    kinds |= {"VARCHAR": Kind.TEXT, "TIMESTAMP": Kind.TIME, "DATE": Kind.DATE, "BOOLEAN": Kind.BOOL}
    return kinds[base]


def literals_of(column: Column, groups: Iterable[Sequence[Row]], dialect: str) -> tuple[str, ...]:
    """Return a few values of each group of rows, those that both hide and show included."""
    found: dict[str, None] = {}
    for rows in groups:
        values = dict.fromkeys(row.get(column.name) for row in rows)
        for value in [each for each in values if each is not None][: LITERALS_MAX // 3]:
            found[literal(value, dialect)] = None
    return tuple(found)


def time_type(dialect: str) -> str:
    """Return the type of a date with a time of day."""
    return FEATURES[dialect].time


def literal(value: object, dialect: str) -> str:
    """Return a value as the dialect writes it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return f"CAST('{value:%Y-%m-%d %H:%M:%S}' AS {time_type(dialect)})"
    if isinstance(value, date):
        return f"DATE '{value:%Y-%m-%d}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
