"""The views of a crawl: each settled against what was found, or listed with why it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from lucky_mcp.catalog.snapshot import Catalog, Table, View
from lucky_mcp.enforcement.clock import settle_clock
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.enforcement.repeated_subqueries import refuse_repeated_subqueries
from lucky_mcp.errors import NameRefused, ReadError
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import EMBEDDED, Source
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.views import accepted_view, definition_tree

ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
OWN_CIRCLE = "it reads itself, or a view that does"


def with_views(
    source: Source, tables: Catalog, waiting: Mapping[TableName, Table], definitions: Mapping[TableName, str]
) -> Catalog:
    """Return the catalog with the `waiting` views, whose `definitions` are in the engine's own words.

    A view may read another one: those whose tables are all known are settled first, round after round.
    """
    known = replace(tables, tables={**tables.tables, **waiting})
    left = frozenset(waiting)
    while left:
        settled: dict[TableName, View] = {}
        for name in left:
            view = _view(source, known, waiting[name], definitions[name], left)
            if view is not None:
                settled[name] = view
        settled = settled or dict.fromkeys(left, View(unavailable=OWN_CIRCLE))
        found = {name: replace(waiting[name], view=view) for name, view in settled.items()}
        known = replace(known, tables={**known.tables, **found})
        left -= settled.keys()
    return known


def _view(
    source: Source, known: Catalog, table: Table, definition: str, left: frozenset[TableName]
) -> View | None:
    """Return the view, available or not; None while one that it reads is not settled."""
    try:
        view = accepted_view(table, definition, known, source.kind, source.dialect, unsettled=left)
        if view is not None:
            _refuse_for_engine(view, source)
    except ReadError as refusal:
        return View(unavailable=refusal.what)
    return view


def _refuse_for_engine(view: View, source: Source) -> None:
    """ReadError for what the engine would answer otherwise, or at another time."""
    tree = definition_tree(view.definition, source.dialect)
    if source.kind in EMBEDDED:
        refuse_repeated_subqueries(Nodes(tree), source.dialect)
    render_engine(tree, source.dialect, source.kind)
    if settle_clock(Nodes(tree), source, ANY_TIME):
        raise NameRefused("it reads the clock")
