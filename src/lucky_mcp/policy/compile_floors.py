"""Floors of a dataset file, checked: how many rows must share a combination of values for it to be shown."""

from __future__ import annotations

from collections.abc import Sequence

from lucky_mcp.catalog.snapshot import Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Rule
from lucky_mcp.policy.column_schema import KMinEntry
from lucky_mcp.policy.policy_set import FloorRule, ListedColumn
from lucky_mcp.policy.schema import DatasetFile


def table_floor(
    dataset: DatasetFile, entry: KMinEntry | None, place: str, table: Table, columns: Sequence[ListedColumn]
) -> FloorRule | None:
    """Return the floor of a table for everybody; ConfigurationError when it names no column of the table."""
    if entry is None:
        return None
    rule = Rule(id=f"{dataset.dataset}:k_min", place=place, why="rare rows are merged", owner=dataset.owner)
    return _floor(entry, rule, table, columns)


def grant_floor(
    entry: KMinEntry | None, rule: Rule, table: Table, columns: Sequence[ListedColumn]
) -> FloorRule | None:
    """Return the floor of a grant; every table of the grant must have its columns."""
    return None if entry is None else _floor(entry, rule, table, columns)


def _floor(entry: KMinEntry, rule: Rule, table: Table, columns: Sequence[ListedColumn]) -> FloorRule:
    listed = {column.name: column for column in columns}
    for name in entry.by:
        if name not in listed:
            raise ConfigurationError(f"{rule.place}: k_min: {table.name} lists no column {name!r}")
        if listed[name].averaged is not None:
            raise ConfigurationError(f"{rule.place}: k_min: {name!r} is only averaged, so no row shows it")
    if len(set(entry.by)) < len(entry.by):
        raise ConfigurationError(f"{rule.place}: k_min: a column is named twice")
    if table.primary_key and set(table.primary_key) <= set(entry.by):
        raise ConfigurationError(f"{rule.place}: k_min: by holds the primary key, so that nothing is shown")
    return FloorRule(k_min=entry.rows, by=entry.by, rule=rule)
