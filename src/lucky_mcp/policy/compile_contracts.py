"""How the mandatory filters reach one table: by its own columns, via a parent, or declared unreachable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lucky_mcp.catalog.snapshot import Catalog, Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.compile_exemptions import exemptions_of
from lucky_mcp.policy.expressions import compile_filter
from lucky_mcp.policy.policy_set import ExemptionRule, FilterRule, Reference, ViaRule
from lucky_mcp.policy.schema import Contract
from lucky_mcp.policy.yaml_files import YamlFile


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The contract filters of a table, the parents it goes through, or why it is not filtered.

    `exemptions` are for whom one of the contracts rests.
    """

    filters: tuple[FilterRule, ...]
    via: tuple[ViaRule, ...]
    not_filtered: str
    exemptions: tuple[ExemptionRule, ...] = ()


NOTHING_OF_ITS_OWN = Reach(filters=(), via=(), not_filtered="")


@dataclass(frozen=True, kw_only=True)
class ContractCompiler:
    """Compiles all contracts for tables of one source."""

    catalog: Catalog
    contracts: Mapping[str, Contract]
    file: YamlFile
    references: Mapping[str, Reference]

    def reach(self, table: Table, place: str) -> Reach:
        """Return how each contract reaches `table`; ConfigurationError when one does not, without a why."""
        if table.view is not None:  # filtered where its tables are read, which reach the contracts themselves
            return NOTHING_OF_ITS_OWN
        filters: list[FilterRule] = []
        via: list[ViaRule] = []
        reasons: list[str] = []
        exemptions: list[ExemptionRule] = []
        for name, contract in self.contracts.items():
            own = self._own_filters(name, contract, table)
            through = self._via(name, contract, table)
            excuse = contract.not_filtered.get(str(table.name), "")
            if not own and not through and not excuse:
                raise ConfigurationError(
                    f"{place}: contract {name} does not reach {table.name}: "
                    "add a via key, or list it under not_filtered with a why"
                )
            filters += own
            via += through
            reasons += [excuse] if excuse else []
            exemptions += self._exemptions(name, table, is_filtered=bool(own or through))
        return Reach(
            filters=tuple(filters),
            via=tuple(via),
            not_filtered="; ".join(reasons),
            exemptions=tuple(exemptions),
        )

    def _exemptions(self, name: str, table: Table, *, is_filtered: bool) -> tuple[ExemptionRule, ...]:
        found = exemptions_of(table, self.catalog.source, {name: self.contracts[name]}, self.file)
        if found and not is_filtered:
            place = found[0].timed.rule.place
            raise ConfigurationError(f"{place}: contract {name} does not filter {table.name} for anybody")
        return found

    def _own_filters(self, name: str, contract: Contract, table: Table) -> list[FilterRule]:
        found = []
        for index, entry in enumerate(contract.rules):
            place = self.file.place(("contracts", name, "rules", index))
            rule = Rule(id=name, place=place, why=contract.why, owner=contract.owner)
            for column in entry.columns:
                if table.column(column) is None:
                    continue
                try:
                    compiled = compile_filter(entry.row_filter, table, column=column)
                except ConfigurationError as failure:
                    raise ConfigurationError(f"{place}: {failure}") from None
                for unbound in compiled.unbound:
                    if unbound.kind == "ref" and unbound.name not in self.references:
                        raise ConfigurationError(f"{place}: unknown reference set {unbound.origin}")
                found.append(FilterRule(filter=compiled, rule=rule))
        return found

    def _via(self, name: str, contract: Contract, table: Table) -> list[ViaRule]:
        found = []
        for column, parent in contract.via.get(str(table.name), {}).items():
            place = self.file.place(("contracts", name, "via", str(table.name)))
            parent_name = self._parent(parent, column, place)
            if table.column(column) is None:
                raise ConfigurationError(f"{place}: {table.name} has no column {column!r}")
            if parent_name == table.name:
                raise ConfigurationError(f"{place}: {table.name} cannot reach a contract via itself")
            rule = Rule(id=name, place=place, why=contract.why, owner=contract.owner)
            found.append(ViaRule(column=column, parent=parent_name, rule=rule))
        return found

    def _parent(self, written: str, column: str, place: str) -> TableName:
        try:
            parent = TableName.parse(written)
        except ValueError as failure:
            raise ConfigurationError(f"{place}: {failure}") from None
        found = self.catalog.tables.get(parent)
        if found is None or found.column(column) is None:
            raise ConfigurationError(
                f"{place}: the parent {written} with a column {column!r} is not in the catalog"
            )
        if found.view is not None:
            raise ConfigurationError(f"{place}: the parent {written} is a view; name the table below it")
        return parent
