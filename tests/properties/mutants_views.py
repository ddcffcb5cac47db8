"""Defects below views: what a mistake there looks like to those who read figures alone."""

from __future__ import annotations

from dataclasses import replace

from lucky_mcp.decision import below_views, decide
from lucky_mcp.enforcement import guard_texts, view_bodies
from lucky_mcp.model.decision import TableDecision, TableDenied
from tests.properties.injection import Injection
from tests.properties.long_run import VIEW
from tests.properties.mutation import Mutant


def contracts_lost_below_views(patch: Injection) -> None:
    """The market's filters stand on tables alone, and a view adds up every row."""
    patch.setattr(below_views, "contract_filters", lambda *args, **kwargs: ())


def first_table_below_alone(patch: Injection) -> None:
    """Of the tables that a view reads the first is filtered."""
    original = below_views.seen_through

    def mutated(*args, **kwargs) -> TableDecision | TableDenied:  # type: ignore[no-untyped-def]
        made = original(*args, **kwargs)
        if not isinstance(made, TableDecision) or made.below is None:
            return made
        first, *others = made.below.tables
        tables = (first, *(replace(each, filters=()) for each in others))
        return replace(made, below=replace(made.below, tables=tables))

    patch.setattr(decide, "seen_through", mutated)


def view_read_by_name(patch: Injection) -> None:
    """The server's own view is read, as its owner may."""
    patch.setattr(guard_texts, "view_body", lambda *args, **kwargs: None)


def fence_lost_below_views(patch: Injection) -> None:
    """What a condition costs or breaks on hidden rows below a view shows."""
    patch.setattr(view_bodies, "set_fence", lambda *args, **kwargs: None)


VIEW_MUTANTS = (
    Mutant(contracts_lost_below_views, by="properties", holding=VIEW),
    Mutant(first_table_below_alone, by="properties", holding=VIEW),
    Mutant(view_read_by_name, by="verify", holding=VIEW),
    Mutant(view_read_by_name, by="properties", holding=VIEW, is_verified=False),
    Mutant(fence_lost_below_views, by="verify", holding=VIEW),
)
