"""One dataset file, compiled table by table against the reviewed catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from lucky_mcp.catalog.snapshot import Catalog, Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.column_schema import ColumnEntry
from lucky_mcp.policy.compile_averages import averaged_rule
from lucky_mcp.policy.compile_contracts import ContractCompiler
from lucky_mcp.policy.compile_floors import grant_floor, table_floor
from lucky_mcp.policy.compile_requires import RequiresCompiler
from lucky_mcp.policy.expressions import compile_filter
from lucky_mcp.policy.levels import highest
from lucky_mcp.policy.masks import mask_named
from lucky_mcp.policy.policy_set import (
    DenialRule,
    FilterRule,
    GrantRule,
    ListedColumn,
    MaskRule,
    Reference,
    Role,
    TablePolicy,
    Timed,
)
from lucky_mcp.policy.schema import (
    Contract,
    DatasetFile,
    Grant,
    Level,
    Mask,
    MaskWord,
    TableEntry,
)
from lucky_mcp.policy.tags import Tags
from lucky_mcp.policy.timed_schema import end_of, shown
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
    has_token_key: bool = True

    def tables(self) -> Iterator[TablePolicy]:
        """Yield one policy per listed table that the reviewed catalog holds; ConfigurationError otherwise."""
        for written, entry in self.dataset.tables.items():
            yield self._table(written, entry)

    def checks(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Yield every check of `tables`, by the part it is of, so that one fault does not hide the others."""
        for written, entry in self.dataset.tables.items():
            place = self.file.place(("tables", written))
            try:
                table = self._in_catalog(written, place)
            except ConfigurationError:
                yield "table", partial(self._in_catalog, written, place)
                continue
            reach = ContractCompiler(
                catalog=self.catalog,
                contracts=self.contracts,
                file=self.contracts_file,
                references=self.references,
            )
            yield "contract", partial(reach.reach, table, place)
            for name in entry.columns:
                alone = entry.model_copy(update={"columns": {name: entry.columns[name]}})
                yield "column", partial(self._columns, written, alone, table)
            known = {
                name: said.model_copy(update={"aggregate_only": None}) if said else None
                for name, said in entry.columns.items()
                if table.column(name) is not None
            }
            listed = self._columns(written, entry.model_copy(update={"columns": known}), table)
            requires = self._requires(written, table, listed)
            yield "table", requires.of_table
            for index in range(len(self.dataset.grants)):
                yield "grant", partial(self._check_grant, index, written, table, requires)
            for index in range(len(self.dataset.denials)):
                yield "denial", partial(self._denial, index)
            yield "table", partial(self._table, written, entry)

    def _check_grant(self, index: int, written: str, table: Table, requires: RequiresCompiler) -> None:
        tables = self.dataset.grants[index].tables
        if tables is None or written in self._listed(tables, index):
            self._grant(index, table, requires)

    def _table(self, written: str, entry: TableEntry) -> TablePolicy:
        place = self.file.place(("tables", written))
        table = self._in_catalog(written, place)
        reach = ContractCompiler(
            catalog=self.catalog,
            contracts=self.contracts,
            file=self.contracts_file,
            references=self.references,
        ).reach(table, place)
        columns = self._columns(written, entry, table)
        requires = self._requires(written, table, columns)
        return TablePolicy(
            table=table.name,
            dataset=self.dataset.dataset,
            level=self._level(entry),
            description=entry.description,
            columns=columns,
            contracts=reach.filters,
            via=reach.via,
            not_filtered=reach.not_filtered,
            grants=tuple(
                self._grant(index, table, requires)
                for index, grant in enumerate(self.dataset.grants)
                if grant.tables is None or written in self._listed(grant.tables, index)
            ),
            denials=tuple(self._denial(index) for index in range(len(self.dataset.denials))),
            requires=requires.of_table(),
            exemptions=reach.exemptions,
            floor=table_floor(self.dataset, entry.k_min, place, table, columns),
        )

    def _level(self, entry: TableEntry) -> Level:
        return highest(self.source_level, self.dataset.classification, entry.classification)

    def _requires(self, written: str, table: Table, columns: tuple[ListedColumn, ...]) -> RequiresCompiler:
        return RequiresCompiler(
            file=self.file,
            dataset=self.dataset,
            catalog=self.catalog,
            roles=self.roles,
            tags=self.tags,
            table=table,
            written=written,
            columns=columns,
        )

    def _listed(self, tables: tuple[str, ...], index: int) -> tuple[str, ...]:
        unknown = sorted(set(tables) - set(self.dataset.tables))
        if unknown:
            place = self.file.place(("grants", index, "tables"))
            raise ConfigurationError(f"{place}: a grant names {unknown[0]!r}, which this file does not list")
        return tables

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
                    averaged=averaged_rule(self.file, self.dataset, written, table, column, said),
                    level=highest(self._level(entry), said.classification),
                )
            )
        return tuple(listed)

    def _grant(self, index: int, table: Table, requires: RequiresCompiler) -> GrantRule:
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
            requires=requires.of_grant(index, rule),
            timed=_timed(grant, rule),
            floor=grant_floor(grant.k_min, rule, table, requires.columns),
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
        return {column: self._mask(mask, rule) for column, mask in masks.items()}

    def _mask(self, word: MaskWord, rule: Rule) -> MaskRule:
        return MaskRule(mask=mask_named(word, has_token_key=self.has_token_key), rule=rule)


def _timed(grant: Grant, rule: Rule) -> Timed | None:
    if grant.expires is None:
        return None
    return Timed(
        principals=frozenset(grant.principals),
        roles=frozenset(),
        ends=end_of(grant.expires),
        until=shown(grant.expires),
        rule=rule,
    )
