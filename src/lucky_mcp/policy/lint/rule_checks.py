"""Rules: each has a reason and an id of its own, and each grant gives somebody something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from lucky_mcp.policy.levels import LEVELS, highest
from lucky_mcp.policy.lint.directory import Dataset, Directory
from lucky_mcp.policy.lint.findings import Findings
from lucky_mcp.policy.schema import Denial, Grant
from lucky_mcp.policy.timed_schema import is_over, shown

NO_REASON = re.compile(
    r"\W*(?:to ?do|tbd|fixme|x+|none|n/?a|why|reason|because|test|temp|\.+|\?+)?\W*", re.IGNORECASE
)


def check_rules(directory: Directory, today: date, findings: Findings) -> None:
    """Find rules without a reason, shared ids, grants that give nothing, and datasets nobody may read."""
    for place, what, reason in _reasons(directory):
        if NO_REASON.fullmatch(reason):
            findings.add("no-why", place, f"{what} gives no reason")
    _ids(directory, findings)
    for dataset in directory.datasets:
        if not dataset.model.grants:
            findings.add(
                "never-granted",
                dataset.file.place(("dataset",)),
                f"{dataset.model.dataset} is granted to nobody",
            )
        _reach(directory, dataset, findings)
        _averages(dataset, findings)
        _expired(dataset, today, findings)


def _reasons(directory: Directory) -> Iterator[tuple[str, str, str]]:
    """Yield place, what it is and its reason for everything that must have one."""
    for dataset in directory.datasets:
        for place, rule in _grants_and_denials(dataset):
            yield place, f"rule {rule.id}", rule.why
    if directory.contracts is not None:
        for name, contract in directory.contracts.contracts.items():
            here = ("contracts", name)
            yield directory.place("contracts", *here, "why"), f"contract {name}", contract.why
            for index, entry in enumerate(contract.exemptions):
                place = directory.place("contracts", *here, "exemptions", index)
                yield place, f"exemption {entry.id_in(name)}", entry.why
            for table, why in contract.not_filtered.items():
                place = directory.place("contracts", *here, "not_filtered", table)
                yield place, f"not_filtered of {table}", why
    if directory.references is not None:
        for name, reference in directory.references.references.items():
            place = directory.place("references", "references", name)
            yield place, f"reference set {name}", reference.why
    if directory.roles is not None:
        for name, role in directory.roles.roles.items():
            yield directory.place("roles", "roles", name), f"role {name}", role.description
    if directory.tags_file is not None:
        for index, tag in enumerate(directory.tags_file.classifiers):
            yield directory.place("tags", "classifiers", index), f"classifier of {tag.tag}", tag.why
        for declared, why in directory.tags_file.declared.items():
            yield directory.place("tags", "declared", declared), f"tag {declared}", why


def _grants_and_denials(dataset: Dataset) -> Iterator[tuple[str, Grant | Denial]]:
    for index, grant in enumerate(dataset.model.grants):
        yield dataset.file.place(("grants", index)), grant
    for index, denial in enumerate(dataset.model.denials):
        yield dataset.file.place(("denials", index)), denial


def _ids(directory: Directory, findings: Findings) -> None:
    contracts = directory.contracts.contracts if directory.contracts is not None else {}
    seen = {name: directory.place("contracts", "contracts", name) for name in contracts}
    for contract, entry in contracts.items():
        for index, exemption in enumerate(entry.exemptions):
            place = directory.place("contracts", "contracts", contract, "exemptions", index)
            seen.setdefault(exemption.id_in(contract), place)  # two of one id stop the load
    for dataset in directory.datasets:
        for place, rule in _grants_and_denials(dataset):
            other = seen.setdefault(rule.id, place)
            if other != place:
                findings.add("duplicate-id", place, f"{rule.id} is also the id of the rule at {other}")


def _averages(dataset: Dataset, findings: Findings) -> None:
    """A filter by an attribute of the caller makes other groups of the same people for each."""
    averaged = {
        written
        for written, entry in dataset.model.tables.items()
        if any(said is not None and said.aggregate_only is not None for said in entry.columns.values())
    }
    for index, grant in enumerate(dataset.model.grants):
        reached = averaged if grant.tables is None else averaged & set(grant.tables)
        if reached and ":principal." in (grant.row_filter or ""):
            findings.add(
                "averages-by-caller",
                dataset.file.place(("grants", index)),
                f"{grant.id} filters {min(reached)}, which has a column that is only averaged, by caller",
            )


def _reach(directory: Directory, dataset: Dataset, findings: Findings) -> None:
    sources = directory.sources.sources if directory.sources is not None else {}
    roles = directory.roles.roles if directory.roles is not None else {}
    source = sources.get(dataset.model.source)
    if source is None:
        return
    for index, grant in enumerate(dataset.model.grants):
        named = grant.tables or tuple(dataset.model.tables)
        own = [entry.classification for name, entry in dataset.model.tables.items() if name in named]
        lowest = min((highest("public", each) for each in own), key=LEVELS.index, default=None)
        level = highest(source.classification, dataset.model.classification, lowest)
        for name in grant.roles:
            role = roles.get(name)
            if role is not None and LEVELS.index(role.reads_up_to) < LEVELS.index(level):
                findings.add(
                    "grant-out-of-reach",
                    dataset.file.place(("grants", index)),
                    f"{grant.id} names {name}, who reads up to {role.reads_up_to}; these tables are {level}",
                )


def _expired(dataset: Dataset, today: date, findings: Findings) -> None:
    for index, grant in enumerate(dataset.model.grants):
        if grant.expires is not None and is_over(grant.expires, today):
            place = dataset.file.place(("grants", index))
            findings.add("grant-expired", place, f"{grant.id} expired on {shown(grant.expires)}")
