"""Rules about the keys of Redis clusters: they compile, have a reason, and their roles may read so high."""

from __future__ import annotations

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.key_rules import KeyRule, compile_keys
from lucky_mcp.policy.keys_schema import KeyDenialEntry, KeyEntry
from lucky_mcp.policy.levels import LEVELS
from lucky_mcp.policy.lint.directory import Directory
from lucky_mcp.policy.lint.findings import Findings
from lucky_mcp.policy.lint.rule_checks import NO_REASON
from lucky_mcp.policy.loader import read_roles, read_sources
from lucky_mcp.policy.offline import AnyVariable


def check_keys(directory: Directory, findings: Findings) -> None:
    """Find rules that do not load, reach nobody, or give no reason, and clusters that no file names."""
    for keys in directory.keys:
        sections: tuple[tuple[str, tuple[KeyEntry | KeyDenialEntry, ...]], ...] = (
            ("keys", keys.model.keys),
            ("denials", keys.model.denials),
        )
        for section, entries in sections:
            for index, entry in enumerate(entries):
                if NO_REASON.fullmatch(entry.why):
                    place = keys.file.place((section, index))
                    findings.add("no-why", place, f"rule {entry.id} gives no reason")
    _compiled(directory, findings)
    named = {cluster for keys in directory.keys for cluster in keys.model.clusters}
    for name, source in (directory.sources.sources if directory.sources is not None else {}).items():
        if source.status == "active" and source.dialect is None and name not in named:
            place = directory.place("sources", "sources", name)
            findings.add("source-without-keys", place, f"{name} is active and in no file of redis/")


def _compiled(directory: Directory, findings: Findings) -> None:
    tags = directory.tags
    if directory.sources is None or directory.roles is None or tags is None:
        return
    try:
        sources = read_sources(directory.files["sources"], directory.root, AnyVariable())
        roles = read_roles(directory.files["roles"])
    except ConfigurationError:
        return  # found where files are checked
    files = [keys.file for keys in directory.keys]
    found = findings.attempt("keys", lambda: compile_keys(files, sources, roles, tags))
    rules = {id(rule): rule for policy in (found or {}).values() for rule in policy.rules}
    reach = {name: LEVELS.index(role.reads_up_to) for name, role in roles.items()}
    for rule in rules.values():
        _reach(rule, reach, findings)


def _reach(rule: KeyRule, reach: dict[str, int], findings: Findings) -> None:
    for name in sorted(rule.roles):
        if reach[name] < LEVELS.index(rule.level):
            may = LEVELS[reach[name]]
            what = f"{rule.rule.id} names {name}, who reads up to {may}; these keys are {rule.level}"
            findings.add("grant-out-of-reach", rule.rule.place, what)
