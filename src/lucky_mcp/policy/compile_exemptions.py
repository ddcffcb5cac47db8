"""Exemptions of the contracts, compiled table by table; each names what is there, and one table only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from lucky_mcp.catalog.snapshot import Catalog, Table
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.contract_schema import Contract, Exemption
from lucky_mcp.policy.policy_set import ExemptionRule, Timed
from lucky_mcp.policy.timed_schema import end_of, shown
from lucky_mcp.policy.yaml_files import YamlFile


@dataclass(frozen=True, kw_only=True)
class Written:
    """One exemption where it stands: of a contract, at `file:line`."""

    contract: str
    entry: Exemption
    owner: str
    place: str

    def rule(self) -> ExemptionRule:
        """Return it as decided upon."""
        entry = self.entry
        rule = Rule(id=entry.id_in(self.contract), place=self.place, why=entry.why, owner=self.owner)
        timed = Timed(
            principals=frozenset(entry.principals),
            roles=frozenset(entry.roles),
            ends=end_of(entry.expires),
            until=shown(entry.expires),
            rule=rule,
        )
        return ExemptionRule(contract=self.contract, timed=timed)


def written_exemptions(contracts: Mapping[str, Contract], file: YamlFile) -> Iterator[Written]:
    """Yield every exemption in the order of the file."""
    for name, contract in contracts.items():
        for index, entry in enumerate(contract.exemptions):
            place = file.place(("contracts", name, "exemptions", index))
            yield Written(contract=name, entry=entry, owner=contract.owner, place=place)


def exemptions_of(
    table: Table, source: str, contracts: Mapping[str, Contract], file: YamlFile
) -> tuple[ExemptionRule, ...]:
    """Return the exemptions of one table."""
    return tuple(
        each.rule()
        for each in written_exemptions(contracts, file)
        if str(table.name) in each.entry.tables and each.entry.source in {"", source}
    )


def check_exemption(written: Written, catalogs: Mapping[str, Catalog], roles: Collection[str]) -> None:
    """ConfigurationError for a name that is not there, a table of two sources, or a view."""
    place, entry = written.place, written.entry
    if entry.source and entry.source not in catalogs:
        raise ConfigurationError(f"{place}: unknown source {entry.source!r}")
    for role in entry.roles:
        if role not in roles:
            raise ConfigurationError(f"{place}: unknown role {role!r}; roles.yaml lists the roles")
    for name in entry.tables:
        _check_table(name, entry.source, place, catalogs)


def check_ids(all_written: Collection[Written]) -> None:
    """ConfigurationError when two exemptions have one id: receipts and diffs name them by it."""
    seen: dict[str, str] = {}
    for each in all_written:
        id_ = each.entry.id_in(each.contract)
        other = seen.setdefault(id_, each.place)
        if other != each.place:
            raise ConfigurationError(
                f"{each.place}: {id_} is also the exemption at {other}; give it an id of its own"
            )


def _check_table(written: str, source: str, place: str, catalogs: Mapping[str, Catalog]) -> None:
    try:
        name = TableName.parse(written)
    except ValueError as failure:
        raise ConfigurationError(f"{place}: {failure}") from None
    found = {
        each: catalog.tables[name]
        for each, catalog in catalogs.items()
        if name in catalog.tables and source in {"", each}
    }
    if not found:
        raise ConfigurationError(f"{place}: no reviewed catalog has {written}")
    if len(found) > 1:
        raise ConfigurationError(
            f"{place}: {written} is in {', '.join(sorted(found))}: say which with source"
        )
    if any(table.view is not None for table in found.values()):
        raise ConfigurationError(f"{place}: {written} is a view; name the tables that it reads")
