"""Floors: combinations of values that too few rows share are shown as NULL, which merges their rows.

What counts is what is shown: two birthdays of one year agree where the mask shows the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lucky_mcp.model.decision import MaskName, Merged, VisibleColumn
from lucky_mcp.policy.policy_set import FloorRule

SHOWING_NO_VALUE = frozenset({MaskName.MEAN, MaskName.NULL})


def with_floors(
    columns: Sequence[VisibleColumn], floors: Iterable[FloorRule | None]
) -> tuple[VisibleColumn, ...]:
    """Return the columns with the floors that hold for them; of a floor's columns the visible ones count."""
    found: dict[str, tuple[Merged, ...]] = {}
    for floor in (each for each in floors if each is not None):
        alike = tuple(each for each in columns if each.name in floor.by and each.mask not in SHOWING_NO_VALUE)
        for each in alike:
            merged = Merged(k_min=floor.k_min, alike=alike, rule=floor.rule)
            found[each.name] = tuple(dict.fromkeys((*found.get(each.name, ()), merged)))
    return tuple(
        replace(
            each,
            merged=found[each.name],
            mask=each.mask or MaskName.RARE,
            rule=each.rule or found[each.name][0].rule,
        )
        if each.name in found
        else each
        for each in columns
    )


def floors_on(columns: Iterable[VisibleColumn]) -> tuple[FloorRule, ...]:
    """Return the floors that hold for decided columns, by those of their columns that are visible."""
    merged = dict.fromkeys(each for column in columns for each in column.merged)
    return tuple(
        FloorRule(k_min=each.k_min, by=tuple(column.name for column in each.alike), rule=each.rule)
        for each in merged
    )


def without_floors(column: VisibleColumn) -> VisibleColumn:
    """Return a decided column as it was before its floors."""
    if not column.merged:
        return column
    is_bare = column.mask is MaskName.RARE
    return replace(
        column, merged=(), mask=None if is_bare else column.mask, rule=None if is_bare else column.rule
    )


def merged_in_words(merged: Merged) -> str:
    """Return which rows are merged, as callers and reviewers read it."""
    names = ", ".join(each.name for each in merged.alike)
    return f"NULL where fewer than {merged.k_min} rows have the same {names}"
