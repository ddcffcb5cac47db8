"""Contracts: in force, reaching every table of the catalog, and naming what is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lucky_mcp.catalog.snapshot import Table
from lucky_mcp.policy.lint.directory import Directory
from lucky_mcp.policy.lint.findings import Findings
from lucky_mcp.policy.schema import Contract
from lucky_mcp.policy.timed_schema import is_over, shown

SOON_DAYS = 60
NAMED_MAX = 5


def check_contracts(directory: Directory, today: date, findings: Findings) -> None:
    """Find contracts that are over or nearly so, tables they do not reach, and names that nothing has."""
    if directory.contracts is None:
        return
    for name, contract in directory.contracts.contracts.items():
        _expiry(directory, name, contract, today, findings)
        _expired_exemptions(directory, name, contract, today, findings)
        _names(directory, name, contract, findings)
        _gaps(directory, name, contract, findings)


def _expiry(directory: Directory, name: str, contract: Contract, today: date, findings: Findings) -> None:
    place = directory.place("contracts", "contracts", name, "expires")
    left = (contract.expires - today).days
    if left < 0:
        findings.add("contract-expired", place, f"contract {name} expired on {contract.expires}")
    elif left <= SOON_DAYS:
        findings.add(
            "contract-expires-soon", place, f"contract {name} expires on {contract.expires}, in {left} days"
        )


def _expired_exemptions(
    directory: Directory, name: str, contract: Contract, today: date, findings: Findings
) -> None:
    for index, entry in enumerate(contract.exemptions):
        if is_over(entry.expires, today):
            place = directory.place("contracts", "contracts", name, "exemptions", index)
            what = f"exemption {entry.id_in(name)} expired on {shown(entry.expires)}"
            findings.add("exemption-expired", place, what)


def _names(directory: Directory, name: str, contract: Contract, findings: Findings) -> None:
    known = {str(table.name) for table in _tables(directory)}
    for part, written in (("via", contract.via), ("not_filtered", contract.not_filtered)):
        for table in written:
            if table not in known:
                place = directory.place("contracts", "contracts", name, part, table)
                findings.add("unknown-name", place, f"{part} of contract {name}: no catalog has {table}")
    columns = {column.name for table in _tables(directory) for column in table.columns}
    for index, rule in enumerate(contract.rules if columns else ()):
        if not columns.intersection(rule.columns):
            place = directory.place("contracts", "contracts", name, "rules", index)
            findings.add("dead-contract-rule", place, f"no catalog has a column {' or '.join(rule.columns)}")


def _gaps(directory: Directory, name: str, contract: Contract, findings: Findings) -> None:
    """Tables that no dataset file lists: one that is listed stops the load instead."""
    place = directory.place("contracts", "contracts", name)
    listed = {(each.model.source, table) for each in directory.datasets for table in each.model.tables}
    by_column = {column for rule in contract.rules for column in rule.columns}
    for source, catalog in directory.catalogs.items():
        outside = [
            str(table.name)
            for table in catalog.tables.values()
            if table.view is None  # what a view reads is filtered below it
            and (source, str(table.name)) not in listed
            and str(table.name) not in {*contract.via, *contract.not_filtered}
            and not by_column.intersection(column.name for column in table.columns)
        ]
        if outside:
            findings.add(
                "contract-gap", place, f"contract {name} does not reach {_counted(outside)} of {source}"
            )


def _tables(directory: Directory) -> Iterator[Table]:
    for catalog in directory.catalogs.values():
        yield from catalog.tables.values()


def _counted(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:NAMED_MAX])
    return f"{shown} and {len(names) - NAMED_MAX} more tables" if len(names) > NAMED_MAX else shown
