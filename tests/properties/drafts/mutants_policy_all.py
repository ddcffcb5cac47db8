"""Defects in the decision: what verify cannot see, because it holds the text against that very decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lucky_mcp.decision import bind, combine, decide
from lucky_mcp.gateway import prepare
from lucky_mcp.model.decision import Bound, MaskName, Permit, RowFilter, TableDecision, VisibleColumn
from lucky_mcp.model.predicate import Member, Through
from lucky_mcp.policy.tags import Tags
from tests.properties.mutation import Mutant


def via_dropped(patch: pytest.MonkeyPatch) -> None:
    """A table that reaches its contract through a parent is not filtered."""
    _filters_kept(patch, lambda each: not isinstance(each.predicate, Through))


def reference_dropped(patch: pytest.MonkeyPatch) -> None:
    """Filters on a reference set are forgotten."""
    _filters_kept(patch, lambda each: not isinstance(each.predicate, Member))


def first_contract_alone(patch: pytest.MonkeyPatch) -> None:
    """Of several contracts of a table the first is taken."""
    original = decide._contract_filters
    patch.setattr(decide, "_contract_filters", lambda *args: original(*args)[:1])


def _filters_kept(patch: pytest.MonkeyPatch, keep: Callable[[RowFilter], bool]) -> None:
    original = decide._contract_filters

    def mutated(*args, **kwargs) -> tuple[RowFilter, ...]:  # type: ignore[no-untyped-def]
        return tuple(each for each in original(*args, **kwargs) if keep(each))

    patch.setattr(decide, "_contract_filters", mutated)


def masks_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Columns are decided without masks; what is denied becomes visible."""
    patch.setattr(decide, "column_mask", lambda *args, **kwargs: None)


def denied_columns_shown(patch: pytest.MonkeyPatch) -> None:
    """A column whose mask is `deny` is shown as it is."""
    original = decide.column_mask

    def mutated(*args, **kwargs):  # type: ignore[no-untyped-def]
        found = original(*args, **kwargs)
        return None if found is not None and found.mask is MaskName.DENY else found

    patch.setattr(decide, "column_mask", mutated)


def last_column_lost(patch: pytest.MonkeyPatch) -> None:
    """A visible column is not shown."""
    original = decide._visible_columns

    def mutated(*args, **kwargs) -> tuple[VisibleColumn, ...]:  # type: ignore[no-untyped-def]
        return original(*args, **kwargs)[:-1]

    patch.setattr(decide, "_visible_columns", mutated)


def first_decision_for_all(patch: pytest.MonkeyPatch) -> None:
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


def denied_tables_passed(patch: pytest.MonkeyPatch) -> None:
    """A query is permitted when one of its tables is."""
    original = decide.decide_table

    def mutated(principal, source, table, policies, references):  # type: ignore[no-untyped-def]
        made = original(principal, source, table, policies, references)
        if isinstance(made, TableDecision):
            return made
        return TableDecision(table=table, columns=(VisibleColumn(name="id", type="BIGINT"),), filters=())

    patch.setattr(decide, "decide_table", mutated)


def loosest_mask(patch: pytest.MonkeyPatch) -> None:
    """Of several masks of a column the weakest counts."""
    order = (None, MaskName.LAST4, MaskName.EMAIL_DOMAIN, MaskName.REDACT, MaskName.NULL, MaskName.DENY)

    def mutated(masks):  # type: ignore[no-untyped-def]
        given = [mask for mask in masks if mask is not None]
        return min(given, key=lambda mask: order.index(mask) if mask in order else 3) if given else None

    patch.setattr(combine, "strictest", mutated)


def shortest_tag_entry(patch: pytest.MonkeyPatch) -> None:
    """A role's mask for a tag is the one of the farthest parent."""
    patch.setattr(combine, "max", min, raising=False)


def nothing_is_sensitive(patch: pytest.MonkeyPatch) -> None:
    """A sensitive tag without a mask is shown."""
    patch.setattr(Tags, "is_sensitive", lambda self, tag: False)


def classifiers_ignored(patch: pytest.MonkeyPatch) -> None:
    """A column's name says nothing about it: only what a dataset file tags is masked."""
    patch.setattr(Tags, "of", lambda self, column: ())


def levels_ignored(patch: pytest.MonkeyPatch) -> None:
    """A role may read tables of any level."""
    patch.setattr(decide, "_reaches_level", lambda *args: True)


def grant_filters_lost(patch: pytest.MonkeyPatch) -> None:
    """A grant that is limited to some rows gives all."""
    patch.setattr(decide, "_grant_filters", lambda *args: ())


def grant_masks_lost(patch: pytest.MonkeyPatch) -> None:
    """What a grant masks beyond its role is shown."""
    original = decide.column_mask

    def mutated(column, grants, roles, tags):  # type: ignore[no-untyped-def]
        return original(column, [replace(grant, masks={}) for grant in grants], roles, tags)

    patch.setattr(decide, "column_mask", mutated)


def denials_ignored(patch: pytest.MonkeyPatch) -> None:
    """A denial does not count where there is a grant."""
    original = decide.decide_table

    def mutated(principal, source, table, policies, references):  # type: ignore[no-untyped-def]
        tables = {
            name: {each: replace(policy, denials=()) for each, policy in of_source.items()}
            for name, of_source in policies.tables.items()
        }
        return original(principal, source, table, replace(policies, tables=tables), references)

    patch.setattr(decide, "decide_table", mutated)
    from tests.decision import test_visible

    patch.setattr(test_visible, "decide_table", mutated, raising=False)


def largest_bound(patch: pytest.MonkeyPatch) -> None:
    """Of several limits the largest holds."""

    def mutated(policies, roles, limits) -> Bound:  # type: ignore[no-untyped-def]
        default = {name: getattr(policies.bound_default, name) for name in Bound.__dataclass_fields__}
        entries = [{**default, **policies.bounds_by_role.get(role, {})} for role in roles] or [default]
        return Bound(**{name: max(entry[name] for entry in entries) for name in default})

    patch.setattr(decide, "smallest_bound", mutated)


def missing_set_allows_all(patch: pytest.MonkeyPatch) -> None:
    """A filter whose reference set is missing is left out."""
    original = decide.bind

    def mutated(filter_, principal, references):  # type: ignore[no-untyped-def]
        try:
            return original(filter_, principal, references)
        except bind.Unbindable:
            return original(replace(filter_, unbound=()), principal, references)

    patch.setattr(decide, "bind", mutated)


def attribute_guessed(patch: pytest.MonkeyPatch) -> None:
    """A caller's attribute that is no number counts as zero."""

    def mutated(part, values):  # type: ignore[no-untyped-def]
        return tuple(int(value) if value.isdigit() else 0 for value in values) or (0,)

    patch.setattr(bind, "_typed", mutated)


def denials_are_told(patch: pytest.MonkeyPatch) -> None:
    """A denied table is refused in other words than an unknown one."""
    patch.setattr(prepare, "_readable", lambda *args: lambda table: True)


POLICY_MUTANTS = (
    Mutant(via_dropped, by="properties"),
    Mutant(reference_dropped, by="properties"),
    Mutant(first_contract_alone, by="properties"),
    Mutant(masks_forgotten, by="properties"),
    Mutant(denied_columns_shown, by="properties"),
    Mutant(last_column_lost, by="properties"),
    Mutant(first_decision_for_all, by="properties"),
    Mutant(denied_tables_passed, by="refusals and rewrites"),
    Mutant(denials_are_told, by="refusals and rewrites"),
    Mutant(loosest_mask, by="decisions"),
    Mutant(shortest_tag_entry, by="decisions"),
    Mutant(nothing_is_sensitive, by="hidden names"),
    Mutant(classifiers_ignored, by="decisions"),
    Mutant(levels_ignored, by="decisions"),
    Mutant(grant_filters_lost, by="decisions"),
    Mutant(grant_masks_lost, by="decisions"),
    Mutant(denials_ignored, by="decisions"),
    Mutant(largest_bound, by="decisions"),
    Mutant(missing_set_allows_all, by="decisions"),
    Mutant(attribute_guessed, by="decisions"),
)
