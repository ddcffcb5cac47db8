"""Tables that no dataset file lists, for roles with `unlisted: classify`: what they show without a reviewer.

A column that a classifier calls safe is shown as it is, any other text scrubbed, and the rest is absent. What
looks personal by its name, to the classifiers or to the words that scaffolding knows, has the role's mask for
that tag. A table that a contract does not reach stays closed to everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lucky_mcp.catalog.snapshot import Catalog, Column, Table, TypeFamily
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import MaskName
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.classify.names import read_name, words_of
from lucky_mcp.policy.compile_contracts import ContractCompiler
from lucky_mcp.policy.levels import Level, highest
from lucky_mcp.policy.policy_set import GrantRule, ListedColumn, MaskRule, Role, TablePolicy
from lucky_mcp.policy.tags import Tags

DATASET = "unlisted"
# Nobody has said that it is less.
LEAST: Level = "confidential"
SAID = "in no dataset file: columns are shown by their names alone, text not known to be safe is scrubbed"


@dataclass(frozen=True, kw_only=True)
class UnlistedCompiler:
    """Makes the policies of a source's unlisted tables; `roles` are those with `unlisted: classify`."""

    catalog: Catalog
    level: Level
    roles: tuple[Role, ...]
    tags: Tags
    contracts: ContractCompiler

    def tables(self, listed: Iterable[TableName]) -> Iterator[TablePolicy]:
        """Yield one policy per table that is not listed and that every contract reaches."""
        for name in sorted(self.catalog.tables.keys() - set(listed)):
            policy = self._table(self.catalog.tables[name])
            if policy is not None:
                yield policy

    def _table(self, table: Table) -> TablePolicy | None:
        try:
            reach = self.contracts.reach(table, "")
        except ConfigurationError:
            return None  # lint counts it as a gap of the contract
        columns = tuple(found for each in table.columns if (found := self._column(each)) is not None)
        safe = {each.name for each in table.columns if self._is_safe(each)}
        scrubbed = frozenset(each.name for each in columns if not each.tags and each.name not in safe)
        return TablePolicy(
            table=table.name,
            dataset=DATASET,
            level=highest(self.level, LEAST),
            description="; ".join(filter(None, (table.comment, SAID))),
            columns=columns,
            contracts=reach.filters,
            via=reach.via,
            not_filtered=reach.not_filtered,
            grants=tuple(grant for role in self.roles if (grant := _grant(role, scrubbed)) is not None),
            denials=(),
            exemptions=reach.exemptions,
            is_unlisted=True,
        )

    def _column(self, column: Column) -> ListedColumn | None:
        """Return what may be shown of a column; None when nothing."""
        known = self.tags.of(column)
        name = read_name(column.name)
        looks = (name.tag,) if name.tag and not name.against else ()
        tags = tuple(dict.fromkeys((*known, *looks)))
        is_text = column.family is TypeFamily.TEXT
        if tags:
            if not is_text or not all(self.tags.is_sensitive(tag) for tag in tags):
                return None  # a tag that needs no mask here says nothing of who may see it
        elif not is_text and not self._is_safe(column):
            return None
        return ListedColumn(
            name=column.name, type=column.type, tags=tags, description=column.comment, joins=None
        )

    def _is_safe(self, column: Column) -> bool:
        return self.tags.is_safe(column) and not _speaks_of_people(column.name)


def _speaks_of_people(name: str) -> bool:
    """Whether a name begins with what is personal: `salary_amount` is no figure of a thing."""
    words = words_of(name)
    parts = ("_".join(words[:end]) for end in range(1, len(words) + 1))
    return any(said.tag and not said.against for said in map(read_name, parts))


def unlisted_roles(roles: Mapping[str, Role]) -> tuple[Role, ...]:
    """Return the roles that read unlisted tables, in the order of roles.yaml."""
    return tuple(role for role in roles.values() if role.unlisted is not None)


def _grant(role: Role, scrubbed: Iterable[str]) -> GrantRule | None:
    if role.unlisted is None:
        return None
    scrub = MaskRule(mask=MaskName.SCRUB, rule=role.unlisted)
    masks = dict.fromkeys(scrubbed, scrub)
    return GrantRule(roles=frozenset({role.name}), masks=masks, filter=None, rule=role.unlisted)
