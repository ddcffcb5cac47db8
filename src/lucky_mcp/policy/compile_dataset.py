"""One dataset file, compiled table by table against the reviewed catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lucky_mcp.catalog.snapshot import Catalog, Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.compile_contracts import ContractCompiler
from lucky_mcp.policy.expressions import compile_filter
from lucky_mcp.policy.masks import WORDS
from lucky_mcp.policy.policy_set import (
    LEVELS,
    DenialRule,
    FilterRule,
    GrantRule,
    ListedColumn,
    MaskRule,
    Reference,
    Role,
    TablePolicy,
)
from lucky_mcp.policy.schema import ColumnEntry, Contract, DatasetFile, Level, Mask, TableEntry
from lucky_mcp.policy.tags import Tags
from lucky_mcp.policy.yaml_files import YamlFile


@dataclass(frozen=True, kw_only=True)
class DatasetCompiler:
    """Checks one dataset file and yields the policy of each of its tables."""

    file: YamlFile
    dataset: DatasetFile
    catalog: Catalog
    source_level: Level
    contracts: Mapping[str, Contract]
    contracts_file: YamlFile
    roles: Mapping[str, Role]
    tags: Tags
    references: Mapping[str, Reference]

    def tables(self) -> Iterator[TablePolicy]:
        """Yield one policy per listed table that the reviewed catalog holds; ConfigurationError otherwise."""
        for written, entry in self.dataset.tables.items():
            yield self._table(written, entry)

    def _table(self, written: str, entry: TableEntry) -> TablePolicy:
        place = self.file.place(("tables", written))
        table = self._in_catalog(written, place)
        reach = ContractCompiler(
            catalog=self.catalog,
            contracts=self.contracts,
            file=self.contracts_file,
            references=self.references,
        ).reach(table, place)
        return TablePolicy(
            table=table.name,
            dataset=self.dataset.dataset,
            level=max(self.source_level, self.dataset.classification, key=LEVELS.index),
            description=entry.description,
            columns=self._columns(written, entry, table),
            contracts=reach.filters,
            via=reach.via,
            not_filtered=reach.not_filtered,
            grants=tuple(self._grant(index, table) for index in range(len(self.dataset.grants))),
            denials=tuple(self._denial(index) for index in range(len(self.dataset.denials))),
        )

    def _in_catalog(self, written: str, place: str) -> Table:
        try:
            name = TableName.parse(written)
        except ValueError as failure:
            raise ConfigurationError(f"{place}: {failure}") from None
        table = self.catalog.tables.get(name)
        if table is None:
            raise ConfigurationError(
                f"{place}: {written} is not in the reviewed catalog of {self.catalog.source}; "
                f"run `lucky-mcp catalog crawl {self.catalog.source}`, review and accept it"
            )
        return table

    def _columns(self, written: str, entry: TableEntry, table: Table) -> tuple[ListedColumn, ...]:
        for name in entry.columns:
            if table.column(name) is None:
                place = self.file.place(("tables", written, "columns", name))
                raise ConfigurationError(f"{place}: {written} has no column {name!r} in the reviewed catalog")
        listed = []
        for column in table.columns:
            classified = self.tags.of(column)
            said = entry.columns.get(column.name)
            if column.name not in entry.columns and not classified:
                continue
            said = said or ColumnEntry()
            listed.append(
                ListedColumn(
                    name=column.name,
                    type=column.type,
                    tags=tuple(dict.fromkeys((*said.tags, *classified))),
                    description=said.description or column.comment,
                    joins=said.joins,
                )
            )
        return tuple(listed)

    def _grant(self, index: int, table: Table) -> GrantRule:
        grant = self.dataset.grants[index]
        place = self.file.place(("grants", index))
        rule = Rule(id=grant.id, place=place, why=grant.why, owner=self.dataset.owner)
        row_filter = None
        if grant.row_filter is not None:
            try:
                row_filter = FilterRule(filter=compile_filter(grant.row_filter, table), rule=rule)
            except ConfigurationError as failure:
                raise ConfigurationError(f"{place}: {failure}") from None
        return GrantRule(
            roles=self._known_roles(grant.roles, place),
            masks=self._known_masks(grant.masks, rule),
            filter=row_filter,
            rule=rule,
        )

    def _denial(self, index: int) -> DenialRule:
        denial = self.dataset.denials[index]
        place = self.file.place(("denials", index))
        known = {c.name for name in self.dataset.tables for c in self._in_catalog(name, place).columns}
        unknown = sorted(set(denial.columns) - known)
        if unknown:
            raise ConfigurationError(
                f"{place}: a denial names {unknown[0]!r}, which no table of this dataset has"
            )
        return DenialRule(
            roles=self._known_roles(denial.roles, place),
            columns=frozenset(denial.columns),
            rule=Rule(id=denial.id, place=place, why=denial.why, owner=self.dataset.owner),
        )

    def _known_roles(self, roles: tuple[str, ...], place: str) -> frozenset[str]:
        unknown = sorted(set(roles) - set(self.roles))
        if unknown:
            raise ConfigurationError(f"{place}: unknown role {unknown[0]!r}; roles.yaml lists the roles")
        return frozenset(roles)

    def _known_masks(self, masks: Mapping[str, Mask], rule: Rule) -> Mapping[str, MaskRule]:
        listed = {column for entry in self.dataset.tables.values() for column in entry.columns}
        unknown = sorted(set(masks) - listed)
        if unknown:
            raise ConfigurationError(
                f"{rule.place}: a mask names {unknown[0]!r}, which no table of this dataset lists"
            )
        return {column: MaskRule(mask=WORDS[mask], rule=rule) for column, mask in masks.items()}
