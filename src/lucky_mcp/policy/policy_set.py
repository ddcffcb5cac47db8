"""The whole policy directory as one immutable value, compiled against the catalog snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.model.decision import Averaged, Bound, MaskName, Requirement, Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.policy.expressions import Filter
from lucky_mcp.policy.identity_rules import NOBODY, IdentityRules
from lucky_mcp.policy.key_rules import KeyPolicy
from lucky_mcp.policy.levels import Level
from lucky_mcp.policy.quotas import NO_QUOTAS, Quotas
from lucky_mcp.policy.tags import Tags


@dataclass(frozen=True, kw_only=True)
class MaskRule:
    """A mask with the rule it comes from."""

    mask: MaskName
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role as decided upon: its masks by tag (most specific tag wins), its toolset, its highest level.

    `unlisted` is the rule by which it reads tables that no dataset file lists; None when it does not.
    """

    name: str
    toolset: str | None
    masks: Mapping[str, MaskRule]
    reads_metadata: bool
    reads_up_to: Level
    reads_system: bool = False
    unlisted: Rule | None = None


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
class Timed:
    """A rule for some callers that ends by itself: people by subject, or those of some roles.

    `ends` is the first moment (aware) at which it is over, `until` the same as it is told.
    """

    principals: frozenset[str]
    roles: frozenset[str]
    ends: datetime
    until: str
    rule: Rule

    def is_over(self, now: datetime | None) -> bool:
        """Whether it has ended; without a time it has, so that who forgets the clock sees less."""
        return now is None or now >= self.ends

    def names(self, subject: str, acting: frozenset[str]) -> bool:
        """Whether it is for that person, or for every one of the roles by which somebody reads."""
        return subject in self.principals or (bool(acting) and acting <= self.roles)


@dataclass(frozen=True, kw_only=True)
class ExemptionRule:
    """A contract that does not filter a table for some callers, until it ends."""

    contract: str
    timed: Timed


@dataclass(frozen=True, kw_only=True)
class AveragedRule:
    """A column is read in aggregates alone, with the rule it comes from."""

    averaged: Averaged
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class FloorRule:
    """Combinations of values that fewer than `k_min` rows have are not shown, with the rule that says so."""

    k_min: int
    by: tuple[str, ...]
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class ListedColumn:
    """A column that may be visible: listed by a dataset file or tagged by a classifier.

    `level` is its own where that is above the table's.
    """

    name: str
    type: str
    tags: tuple[str, ...]
    description: str
    joins: str | None
    averaged: AveragedRule | None = None
    level: Level = "public"


@dataclass(frozen=True, kw_only=True)
class GrantRule:
    """A compiled grant for one table: to roles, or (`timed`, break-glass) to people until it ends."""

    roles: frozenset[str]
    masks: Mapping[str, MaskRule]
    filter: FilterRule | None
    rule: Rule
    requires: Requirement | None = None
    timed: Timed | None = None
    floor: FloorRule | None = None

    def is_for(self, principal: Principal, now: datetime | None) -> bool:
        """Whether the caller has it now."""
        if self.timed is not None:
            return not self.timed.is_over(now) and principal.subject in self.timed.principals
        return not self.roles.isdisjoint(principal.roles)


@dataclass(frozen=True, kw_only=True)
class DenialRule:
    """A compiled denial for one table; no columns means the whole table."""

    roles: frozenset[str]
    columns: frozenset[str]
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class TablePolicy:
    """Everything policy says about one table, for all roles; `is_unlisted`: no dataset file says it."""

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
    exemptions: tuple[ExemptionRule, ...] = ()
    is_unlisted: bool = False
    floor: FloorRule | None = None

    @property
    def timed(self) -> tuple[Timed, ...]:
        """Every rule of the table that ends by itself."""
        broken = (each.timed for each in self.grants if each.timed is not None)
        return (*(each.timed for each in self.exemptions), *broken)


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
    quotas: Quotas = NO_QUOTAS
    identity: IdentityRules = NOBODY
    keys: Mapping[str, KeyPolicy] = field(default_factory=lambda: MappingProxyType({}))

    def source(self, name: str, *, keyed: bool = False) -> Source | None:
        """The source of that full or short name; None when there is none or the short name is shared.

        A database and a Redis cluster may share one: then it is that of the one that is `keyed`, or not.
        """
        exact = self.sources.get(name)
        if exact is not None:
            return exact
        short = [source for source in self.sources.values() if source.short_name == name]
        of_kind = [source for source in short if source.is_keyed is keyed] or short
        return of_kind[0] if len(of_kind) == 1 else None

    @cached_property
    def timed(self) -> tuple[Timed, ...]:
        """Every rule that ends by itself, each once."""
        found = (each for tables in self.tables.values() for table in tables.values() for each in table.timed)
        return tuple(dict.fromkeys(found))

    def in_force(self, principal: Principal, now: datetime | None) -> frozenset[Timed]:
        """Return the rules that have not ended and may be for the caller: all that time does to rights."""
        roles = frozenset(principal.roles)
        return frozenset(
            each
            for each in self.timed
            if not each.is_over(now) and (principal.subject in each.principals or roles & each.roles)
        )
