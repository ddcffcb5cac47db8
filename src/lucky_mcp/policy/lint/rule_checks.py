"""Rules: each has a reason and an id of its own, and each grant gives somebody something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lucky_mcp.policy.lint.directory import Dataset, Directory
from lucky_mcp.policy.lint.findings import Findings
from lucky_mcp.policy.policy_set import LEVELS
from lucky_mcp.policy.schema import Denial, Grant

NO_REASON = re.compile(
    r"\W*(?:to ?do|tbd|fixme|x+|none|n/?a|why|reason|because|test|temp|\.+|\?+)?\W*", re.IGNORECASE
)


def check_rules(directory: Directory, findings: Findings) -> None:
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


def _reasons(directory: Directory) -> Iterator[tuple[str, str, str]]:
    """Yield place, what it is and its reason for everything that must have one."""
    for dataset in directory.datasets:
        for place, rule in _grants_and_denials(dataset):
            yield place, f"rule {rule.id}", rule.why
    if directory.contracts is not None:
        for name, contract in directory.contracts.contracts.items():
            here = ("contracts", name)
            yield directory.place("contracts", *here, "why"), f"contract {name}", contract.why
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
        for index, entry in enumerate(directory.tags_file.classifiers):
            yield directory.place("tags", "classifiers", index), f"classifier of {entry.tag}", entry.why
        for tag, why in directory.tags_file.declared.items():
            yield directory.place("tags", "declared", tag), f"tag {tag}", why


def _grants_and_denials(dataset: Dataset) -> Iterator[tuple[str, Grant | Denial]]:
    for index, grant in enumerate(dataset.model.grants):
        yield dataset.file.place(("grants", index)), grant
    for index, denial in enumerate(dataset.model.denials):
        yield dataset.file.place(("denials", index)), denial


def _ids(directory: Directory, findings: Findings) -> None:
    contracts = directory.contracts.contracts if directory.contracts is not None else {}
    seen = {name: directory.place("contracts", "contracts", name) for name in contracts}
    for dataset in directory.datasets:
        for place, rule in _grants_and_denials(dataset):
            other = seen.setdefault(rule.id, place)
            if other != place:
                findings.add("duplicate-id", place, f"{rule.id} is also the id of the rule at {other}")


def _reach(directory: Directory, dataset: Dataset, findings: Findings) -> None:
    sources = directory.sources.sources if directory.sources is not None else {}
    roles = directory.roles.roles if directory.roles is not None else {}
    source = sources.get(dataset.model.source)
    if source is None:
        return
    level = max(source.classification, dataset.model.classification, key=LEVELS.index)
    for index, grant in enumerate(dataset.model.grants):
        for name in grant.roles:
            role = roles.get(name)
            if role is not None and LEVELS.index(role.reads_up_to) < LEVELS.index(level):
                findings.add(
                    "grant-out-of-reach",
                    dataset.file.place(("grants", index)),
                    f"{grant.id} names {name}, who reads up to {role.reads_up_to}; these tables are {level}",
                )
