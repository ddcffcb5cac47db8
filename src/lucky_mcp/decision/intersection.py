"""An app asks for a person: what both may see, and nothing that one of them may not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lucky_mcp.decision.rare_rows import floors_on, with_floors, without_floors
from lucky_mcp.model.decision import (
    DenyReason,
    MaskName,
    Requirement,
    TableDecision,
    TableDenied,
    ViewBelow,
    VisibleColumn,
    Waiver,
    WaiverKind,
)
from lucky_mcp.policy.masks import strictest

Decided = TableDecision | TableDenied


def both(person: Decided, app: Decided) -> Decided:
    """Return what is left of two decisions on one table or view: the filters and conditions of both, the
    columns that both have, each with the strictest mask; denied if one of them is, or if nothing is left.
    """
    if isinstance(person, TableDenied):
        return person
    if isinstance(app, TableDenied):
        return app
    below = _below(person, app)
    if isinstance(below, TableDenied):
        return below
    shown = _columns(person, app)
    columns = tuple(each for each in shown if each.mask is not MaskName.MEAN)
    if not columns:
        return TableDenied(table=person.table, reason=DenyReason.NO_VISIBLE_COLUMN)
    requires = _requirements((*person.requires, *app.requires), columns)
    if any(not requirement.options for requirement in requires):
        return TableDenied(table=person.table, reason=DenyReason.REQUIREMENT_OUT_OF_REACH)
    filters = tuple(dict.fromkeys((*person.filters, *app.filters)))
    filtering = frozenset(each.rule.id for each in filters)
    return TableDecision(
        table=person.table,
        columns=columns,
        filters=filters,
        requires=requires,
        not_filtered=person.not_filtered or app.not_filtered,
        below=below,
        waivers=tuple(
            each for each in dict.fromkeys((*person.waivers, *app.waivers)) if _still_holds(each, filtering)
        ),
        averaged=tuple(each for each in shown if each.mask is MaskName.MEAN),
    )


def _still_holds(waiver: Waiver, filtering: frozenset[str]) -> bool:
    """Who of the two is not exempt brings the contract's filter along."""
    return waiver.kind is not WaiverKind.EXEMPTION or waiver.about not in filtering


def _columns(person: TableDecision, app: TableDecision) -> tuple[VisibleColumn, ...]:
    """The floors of either hold, for what is shown to both."""
    mine, theirs = (*person.columns, *person.averaged), (*app.columns, *app.averaged)
    bare = {each.name: without_floors(each) for each in theirs}
    pairs = ((without_floors(each), bare.get(each.name)) for each in mine)
    found = (_column(one, other) for one, other in pairs if other is not None)
    shown = [each for each in found if each is not None]
    return with_floors(shown, (*floors_on(mine), *floors_on(theirs)))


def _column(mine: VisibleColumn, other: VisibleColumn) -> VisibleColumn | None:
    """Return one column as both may see it; a mean and a mask of single values have nothing in common."""
    masks = {each.mask for each in (mine, other) if each.mask is not None}
    means = {each.averaged for each in (mine, other) if each.mask is MaskName.MEAN}
    if means and (len(masks) > 1 or len(means) > 1):
        return None
    mask = strictest(masks)
    cause = next((each for each in (mine, other) if each.mask is mask), mine)
    return replace(
        mine,
        mask=mask,
        rule=cause.rule if mask is not None else None,
        masks_below=tuple(dict.fromkeys((*mine.masks_below, *other.masks_below))),
        averaged=cause.averaged,
    )


def _requirements(
    asked: Iterable[Requirement], columns: tuple[VisibleColumn, ...]
) -> tuple[Requirement, ...]:
    plain = {column.name for column in columns if column.mask is None}
    return tuple(
        replace(each, options=tuple(option for option in each.options if option.column in plain))
        for each in dict.fromkeys(asked)
    )


def _below(person: TableDecision, app: TableDecision) -> ViewBelow | TableDenied | None:
    """Return what a view reads for both; its reviewed definition is one, and so are the tables below."""
    if person.below is None or app.below is None:
        return None
    theirs = {each.table: each for each in app.below.tables}
    found = [both(mine, theirs[mine.table]) for mine in person.below.tables]
    if any(isinstance(each, TableDenied) for each in found):
        return TableDenied(table=person.table, reason=DenyReason.HIDDEN_BELOW)
    return replace(person.below, tables=tuple(each for each in found if isinstance(each, TableDecision)))
