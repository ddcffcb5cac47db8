"""The whole policy directory as one immutable value, compiled against the catalog snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.model.decision import Bound, MaskName, Requirement, Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.policy.expressions import Filter
from lucky_mcp.policy.schema import Level
from lucky_mcp.policy.tags import Tags

LEVELS: tuple[Level, ...] = ("public", "internal", "confidential", "restricted")


@dataclass(frozen=True, kw_only=True)
class MaskRule:
    """A mask with the rule it comes from."""

    mask: MaskName
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role as decided upon: its masks by tag (most specific tag wins), its toolset, its highest level."""

    name: str
    toolset: str | None
    masks: Mapping[str, MaskRule]
    reads_metadata: bool
    reads_up_to: Level
    reads_system: bool = False


@dataclass(frozen=True, kw_only=True)
class FilterRule:
    """A compiled row filter with the rule it comes from."""

    filter: Filter
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class ViaRule:
    """A table reaches a contract through a key to a governed parent in the same source."""

    column: str
    parent: TableName
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class ListedColumn:
    """A column that may be visible: listed by a dataset file or tagged by a classifier."""

    name: str
    type: str
    tags: tuple[str, ...]
    description: str
    joins: str | None


@dataclass(frozen=True, kw_only=True)
class GrantRule:
    """A compiled grant for one table."""

    roles: frozenset[str]
    masks: Mapping[str, MaskRule]
    filter: FilterRule | None
    rule: Rule
    requires: Requirement | None = None


@dataclass(frozen=True, kw_only=True)
class DenialRule:
    """A compiled denial for one table; no columns means the whole table."""

    roles: frozenset[str]
    columns: frozenset[str]
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class TablePolicy:
    """Everything policy says about one table, for all roles."""

    table: TableName
    dataset: str
    level: Level
    description: str
    columns: tuple[ListedColumn, ...]
    contracts: tuple[FilterRule, ...]
    via: tuple[ViaRule, ...]
    not_filtered: str
    grants: tuple[GrantRule, ...]
    denials: tuple[DenialRule, ...]
    requires: Requirement | None = None


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A reference set: values read as `system:reference` and used by `:ref.<name>`."""

    name: str
    source: str
    sql: str
    refresh_s: int
    max_age_s: int
    values_max: int


@dataclass(frozen=True, kw_only=True)
class PolicySet:
    """One immutable policy with its digest (first 16 hex digits of sha256 over all files and snapshots)."""

    digest: str
    sources: Mapping[str, Source]
    roles: Mapping[str, Role]
    tags: Tags
    tables: Mapping[str, Mapping[TableName, TablePolicy]]
    catalogs: Mapping[str, Catalog]
    references: Mapping[str, Reference]
    bound_default: Bound
    bounds_by_role: Mapping[str, Mapping[str, int]]
    bounds_by_kind: Mapping[Kind, Mapping[str, int]]

    def source(self, name: str) -> Source | None:
        """The source of that full or short name; None when there is none or the short name is shared."""
        exact = self.sources.get(name)
        if exact is not None:
            return exact
        short = [source for source in self.sources.values() if source.short_name == name]
        return short[0] if len(short) == 1 else None
