"""What a dataset file reads in aggregates alone, checked: a rule that could not hold is a load error."""

from __future__ import annotations

import re

from lucky_mcp.catalog.column_types import DECIMALS, FLOATS, INTEGERS, base_type
from lucky_mcp.catalog.snapshot import Column, Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Averaged, Rule
from lucky_mcp.policy.column_schema import ColumnEntry
from lucky_mcp.policy.policy_set import AveragedRule
from lucky_mcp.policy.schema import DatasetFile
from lucky_mcp.policy.yaml_files import YamlFile

# What stays exact as DECIMAL(30, 10), with room for the sum of a group.
DIGITS_MAX, SCALE_MAX = 18, 6


def averaged_rule(
    file: YamlFile, dataset: DatasetFile, written: str, table: Table, column: Column, said: ColumnEntry
) -> AveragedRule | None:
    """Return the rule of a column with `aggregate_only`; ConfigurationError for one that cannot be kept."""
    entry = said.aggregate_only
    if entry is None:
        return None
    place = file.place(("tables", written, "columns", column.name, "aggregate_only"))

    def refuse(why: str) -> ConfigurationError:
        return ConfigurationError(f"{place}: aggregate_only: {why}")

    if table.view is not None:
        raise refuse("it goes with a column of a table; a view over the table does not show the column")
    if not is_addable(column.type):
        raise refuse(f"{column.name} is {column.type}, not a number of at most {DIGITS_MAX} digits")
    named = (*entry.by, *filter(None, (entry.person,)))
    for name in named:
        if table.column(name) is None:
            raise refuse(f"{written} has no column {name!r} in the reviewed catalog")
    if column.name in named or len(set(named)) < len(named):
        raise refuse("by and person name different columns, and not the column itself")
    for name in entry.by:
        other = dataset.tables[written].columns.get(name)
        if other is not None and other.aggregate_only is not None:
            raise refuse(f"{name} is read in aggregates alone itself, so it tells no groups apart")
    if table.primary_key and set(table.primary_key) <= set(entry.by):
        raise refuse("by holds the primary key, so that every group is one row and none is shown")
    grants = (each for each in dataset.grants if not each.tables or written in each.tables)
    if dataset.tables[written].requires is not None or any(each.requires is not None for each in grants):
        raise refuse("a condition that each scan requires would choose whom the average is of")
    rule = Rule(id=f"{dataset.dataset}:{column.name}", place=place, why=entry.why, owner=dataset.owner)
    return AveragedRule(
        averaged=Averaged(group_min=entry.group_min, by=entry.by, person=entry.person or ""), rule=rule
    )


def is_addable(type_: str) -> bool:
    """Whether a mean of such values is the same on every engine, and no sum of them overflows."""
    base, sizes = base_type(type_)
    if base in DECIMALS:
        numbers = [int(each) for each in re.findall(r"\d+", sizes)]
        return bool(numbers) and numbers[0] <= DIGITS_MAX and sum(numbers[1:]) <= SCALE_MAX
    return base in INTEGERS or base in FLOATS
