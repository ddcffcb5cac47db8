"""Every rule of lint: how grave a breach of it is, what it means, and how it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops the start or makes a rule say what does not hold; a warning may be acknowledged."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class LintRule:
    """One rule; `says` is what must hold, `fix` what to do where it does not."""

    severity: Severity
    says: str
    fix: str


def _error(says: str, fix: str) -> LintRule:
    return LintRule(severity=Severity.ERROR, says=says, fix=fix)


def _warning(says: str, fix: str) -> LintRule:
    return LintRule(severity=Severity.WARNING, says=says, fix=fix)


RULES: dict[str, LintRule] = {
    "unreadable": _error(
        "every file is there and is YAML (snapshots: JSON)",
        "mend the file; what depends on it was not checked",
    ),
    "shape": _error(
        "a file has the keys and values that its schema has",
        "correct the key or value; policies/README.md shows every file",
    ),
    "source": _error("a source can be opened as written", "correct the entry in sources.yaml"),
    "role": _error("a role has no right that people must not have", "correct the entry in roles.yaml"),
    "tag": _error("a classifier's patterns are regular expressions", "correct the pattern in tags.yaml"),
    "reference": _error("a reference set reads a source that is there", "name a source of sources.yaml"),
    "bound": _error("limits are complete and of roles that are there", "correct the entry in bounds.yaml"),
    "identity": _error(
        "issuers, groups, people and apps fit each other and the roles",
        "correct the entry in identity.yaml",
    ),
    "table": _error(
        "a listed table is in the reviewed catalog, once",
        "correct the name, or crawl the source, review and accept what was found",
    ),
    "column": _error(
        "a listed column is in the reviewed catalog",
        "correct the name, or crawl the source, review and accept what was found",
    ),
    "contract": _error(
        "every contract reaches every listed table, or says why not",
        "add a key under via, or list the table under not_filtered with the reason",
    ),
    "grant": _error(
        "a grant names roles, columns and filters that exist",
        "correct the name or the filter; the catalog snapshot has the names",
    ),
    "denial": _error(
        "a denial names roles and columns that exist",
        "correct the name; the catalog snapshot has the names",
    ),
    "keys": _error(
        "rules about keys have forms that can be read in one way, known roles, and clusters of one file each",
        "correct the pattern, role or cluster",
    ),
    "load": _error("the directory loads as a whole", "correct what the message names"),
    "unknown-name": _error(
        "every table that a contract names is in a catalog snapshot",
        "correct the name, or take the entry out",
    ),
    "contract-expired": _error(
        "a contract has not expired (an expired one still filters)",
        "ask its owner: give it a new date, or take it out and review the difference",
    ),
    "grant-out-of-reach": _error(
        "a role that is granted a table may read up to the table's level",
        "raise reads_up_to of the role, or take it out; what is restricted needs principals and expires",
    ),
    "duplicate-id": _error(
        "no two rules have the same id",
        "give one of them another id: receipts and the audit log name rules by it",
    ),
    "no-why": _error("every rule says why it is there", "write the reason, as its owner would tell it"),
    "bad-acknowledgement": _error(
        "an acknowledgement names a rule of lint and a reason",
        "write it as: # lint: allow RULE: the reason",
    ),
    "contract-expires-soon": _warning(
        "a contract holds for another 60 days",
        "ask its owner for a new date now",
    ),
    "exemption-expired": _warning(
        "an exemption has not expired (an expired one exempts nobody)",
        "take it out, or ask the contract's owner for a new date",
    ),
    "grant-expired": _warning(
        "a grant to people has not expired (an expired one gives nothing)",
        "take it out, or ask the dataset's owner for a new date",
    ),
    "contract-gap": _warning(
        "every contract reaches every table of the catalog, or says why not",
        "add a key under via, or list the tables under not_filtered with the reason",
    ),
    "untagged-pii": _warning(
        "a listed column that looks like personal data has a sensitive tag",
        "give it a tag, e.g. {tags: [pii.phone]}, or acknowledge it with the reason",
    ),
    "unknown-tag": _warning(
        "a tag of a dataset file comes from a classifier or is declared in tags.yaml",
        "correct the tag, or declare it in tags.yaml",
    ),
    "dead-classifier": _warning(
        "a classifier matches a column of some catalog",
        "correct the patterns, take it out, or acknowledge it with the reason",
    ),
    "dead-mask": _warning(
        "a role's mask is for a tag that a column can have",
        "correct the tag, or take the mask out",
    ),
    "dead-contract-rule": _warning(
        "a contract's filter is for a column that some catalog has",
        "correct when_column, or take the filter out",
    ),
    "never-granted": _warning(
        "a dataset is granted to somebody",
        "add a grant, or acknowledge it with the reason",
    ),
    "averages-by-caller": _warning(
        "a column that is only averaged has the same groups for everybody who reads it",
        "take the condition out, or acknowledge it: callers with other rows may compare averages",
    ),
    "catalog-without-dataset": _warning(
        "a source with tables has a dataset file",
        "write a dataset file for the source, or acknowledge it with the reason",
    ),
    "catalog-without-source": _warning(
        "a catalog snapshot is that of a source of sources.yaml",
        "remove the snapshot, or enter its source",
    ),
    "source-without-catalog": _warning(
        "an active source has a reviewed catalog",
        "crawl it, review and accept what was found, or set status: planned",
    ),
    "source-without-keys": _warning(
        "an active Redis cluster is in a file of redis/",
        "enter it among the clusters of a file, or set status: planned",
    ),
    "stale-acknowledgement": _warning(
        "an acknowledgement is for something that lint finds",
        "remove the comment",
    ),
}
