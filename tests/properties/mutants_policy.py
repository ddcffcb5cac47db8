"""Defects in the decision: what verify cannot see, because it holds the text against that very decision."""

from __future__ import annotations

from collections.abc import Callable

from lucky_mcp.decision import decide, obligations
from lucky_mcp.gateway import prepare
from lucky_mcp.model.decision import Permit, RowFilter, VisibleColumn
from lucky_mcp.model.predicate import Member, Through
from tests.properties.injection import Injection
from tests.properties.mutation import Mutant


def via_dropped(patch: Injection) -> None:
    """A table that reaches its contract through a parent is not filtered."""
    _filters_kept(patch, lambda each: not isinstance(each.predicate, Through))


def reference_dropped(patch: Injection) -> None:
    """Filters on a reference set are forgotten."""
    _filters_kept(patch, lambda each: not isinstance(each.predicate, Member))


def first_contract_alone(patch: Injection) -> None:
    """Of several contracts of a table the first is taken."""
    original = decide.contract_filters
    patch.setattr(decide, "contract_filters", lambda *args: original(*args)[:1])


def _filters_kept(patch: Injection, keep: Callable[[RowFilter], bool]) -> None:
    original = decide.contract_filters

    def mutated(*args, **kwargs) -> tuple[RowFilter, ...]:  # type: ignore[no-untyped-def]
        return tuple(each for each in original(*args, **kwargs) if keep(each))

    patch.setattr(decide, "contract_filters", mutated)


def masks_forgotten(patch: Injection) -> None:
    """Columns are decided without masks; what is denied becomes visible."""
    patch.setattr(obligations, "column_mask", lambda *args, **kwargs: None)


def last_column_lost(patch: Injection) -> None:
    """A visible column is not shown."""
    original = decide.visible_columns

    def mutated(*args, **kwargs) -> tuple[VisibleColumn, ...]:  # type: ignore[no-untyped-def]
        return original(*args, **kwargs)[:-1]

    patch.setattr(decide, "visible_columns", mutated)


def first_decision_for_all(patch: Injection) -> None:
    """The filters of one table are taken for another one's: every table is filtered as the first."""
    original = prepare.decide

    def mutated(*args, **kwargs):  # type: ignore[no-untyped-def]
        made = original(*args, **kwargs)
        if not isinstance(made, Permit):
            return made
        first = made.tables[0].filters if made.tables else ()
        tables = tuple(type(t)(table=t.table, columns=t.columns, filters=first[:1]) for t in made.tables)
        return Permit(tables=tables, bound=made.bound)

    patch.setattr(prepare, "decide", mutated)


POLICY_MUTANTS = (
    Mutant(via_dropped, by="properties"),
    Mutant(reference_dropped, by="properties"),
    Mutant(first_contract_alone, by="properties"),
    Mutant(masks_forgotten, by="properties"),
    Mutant(last_column_lost, by="properties"),
    Mutant(first_decision_for_all, by="properties"),
)
