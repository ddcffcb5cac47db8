"""The views of a crawl: each settled against what was found, or listed with why it cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lucky_mcp.catalog.snapshot import Catalog, Table, View
from lucky_mcp.enforcement.clock import settle_clock
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.enforcement.repeated_subqueries import refuse_repeated_subqueries
from lucky_mcp.errors import NameRefused, ReadError
from lucky_mcp.gateway.crawl_found import Found
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import EMBEDDED, Source
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.views import accepted_view, definition_tree

ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
OWN_CIRCLE = "it reads itself, or a view that does"


def with_views(source: Source, found: Found) -> Catalog:
    """Return the catalog of what was found, with each view settled or closed.

    A view may read another one: those whose tables are all known are settled first, round after round.
    """
    closed = {
        name: replace(found.views[name], view=View(unavailable=why)) for name, why in found.closed.items()
    }
    tables = found.tables
    known = replace(tables, tables={**tables.tables, **found.views, **closed})
    left = frozenset(found.definitions)
    while left:
        settled: dict[TableName, View] = {}
        for name in left:
            view = _view(source, known, found.views[name], found.definitions[name], left)
            if view is not None:
                settled[name] = view
        settled = settled or dict.fromkeys(left, View(unavailable=OWN_CIRCLE))
        shown = {name: replace(found.views[name], view=view) for name, view in settled.items()}
        known = replace(known, tables={**known.tables, **shown})
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
    # A server reads its own clock whenever it is asked; the embedded engine's is written into each text.
    if source.kind in EMBEDDED and settle_clock(Nodes(tree), source, ANY_TIME):
        raise NameRefused("it reads the clock")
