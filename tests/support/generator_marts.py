"""The departments' views for generated queries: what each shows, beside two of the tables below them."""

from __future__ import annotations

from collections.abc import Sequence

from lucky_mcp.demo.tables import Fleet, View
from lucky_mcp.demo.warehouse.keys import SOURCE as WAREHOUSE
from tests.support.generator_schema import Field, TableShape, World, kind_of, literals_of, shape_of
from tests.support.plain_databases import Databases
from tests.support.reference import Row, clean_tables

BESIDE = ("dim_store", "fact_orders")
"""Tables that a query may join with the views over them."""


def view_world(fleet: Fleet, role: str, dialect: str, raw: Databases, twin: Databases) -> World:
    """Return the views as a role may query them, beside two of the tables below."""
    clean = {table.name: table for table in clean_tables(fleet, role)}
    shapes = [_view(view, dialect, (twin, raw)) for view in fleet.views if view.source == WAREHOUSE]
    shapes += [
        shape_of(fleet.table(WAREHOUSE, "dwh_schema", name), clean[name], fleet, role, dialect)
        for name in BESIDE
    ]
    return World(source=WAREHOUSE, role=role, dialect=dialect, tables=tuple(shapes))


def _view(view: View, dialect: str, databases: Sequence[Databases]) -> TableShape:
    """A view has no key, and is read by its schema: the source's own is that of the tables."""
    names = [column.name for column in view.columns]
    groups: list[list[Row]] = []
    for database in databases:
        found = database.ask(WAREHOUSE, f"SELECT {', '.join(names)} FROM {view.schema}.{view.name}")
        assert not found.failure, found.failure
        groups.append([dict(zip(names, row, strict=True)) for row in sorted(found.rows, key=str)])
    fields = [
        Field(column.name, kind_of(column), literals_of(column, groups, dialect)) for column in view.columns
    ]
    return TableShape(view.schema, view.name, tuple(fields), (), key="", needs_schema=True)
