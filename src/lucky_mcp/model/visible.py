"""What exists as far as one caller can tell: the fleet after policy, never before it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VisibleSource:
    """A source of which the caller may see at least one table."""

    name: str
    short_name: str
    kind: str
    dialect: str
    domain: str
    status: str
    time_zone: str
    description: str
    tables: int


@dataclass(frozen=True, kw_only=True)
class ShownColumn:
    """A column as the caller sees it: `type` is the type after masking, `mask` "" when there is none.

    Columns with the same `joins` word hold the same key, whatever they are called.
    """

    name: str
    type: str
    mask: str
    tags: tuple[str, ...]
    comment: str
    joins: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownFilter:
    """A row filter in force, as its owner explains it."""

    rule_id: str
    condition: str
    why: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class ShownRequirement:
    """What the conditions on each scan of the table must say, and why."""

    rule_id: str
    condition: str
    why: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class ShownJoin:
    """A visible column elsewhere with the same key; `condition` is ready to be written after ON.

    `table` is `schema.table`. In one source `join` is the whole clause; across sources it is "" and the
    condition says how values of one query compare with those of another.
    """

    source: str
    table: str
    condition: str
    join: str = ""


@dataclass(frozen=True, kw_only=True)
class VisibleTable:
    """A table or view (`kind`) as the caller sees it; keys and indexes name visible columns only.

    `joins` are the nearest ones, `joins_left_out` counts the others; `waivers` is what holds for this caller
    alone, until when and why.
    """

    source: str
    dialect: str
    schema: str
    table: str
    domain: str
    dataset: str
    description: str
    columns: tuple[ShownColumn, ...]
    primary_key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...]
    filters: tuple[ShownFilter, ...]
    not_filtered: str
    requires: tuple[ShownRequirement, ...] = ()
    joins: tuple[ShownJoin, ...] = ()
    joins_left_out: int = 0
    kind: str = "table"
    waivers: tuple[str, ...] = ()
