"""`policy lint`: every fault of a directory in one run, without a database and without its environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.lint.acknowledged import without_acknowledged
from lucky_mcp.policy.lint.catalog_checks import check_catalogs
from lucky_mcp.policy.lint.contract_checks import check_contracts
from lucky_mcp.policy.lint.directory import read_directory
from lucky_mcp.policy.lint.findings import Finding, Findings
from lucky_mcp.policy.lint.key_checks import check_keys
from lucky_mcp.policy.lint.load_checks import check_loading
from lucky_mcp.policy.lint.rule_checks import check_rules
from lucky_mcp.policy.lint.rules import Severity
from lucky_mcp.policy.lint.tag_checks import check_tags


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """What was found, by place; `acknowledged` counts the warnings that a comment in the files accepts."""

    findings: tuple[Finding, ...]
    acknowledged: int

    @property
    def errors(self) -> int:
        """How many findings are errors; with none of them the directory loads."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def is_incomplete(self) -> bool:
        """Whether a file could not be read, so that what depends on it was not checked."""
        return any(finding.rule == "unreadable" for finding in self.findings)


def lint(root: Path, today: date) -> LintReport:
    """Return every finding in the policy directory `root`; ConfigurationError when there is none."""
    if not root.is_dir():
        raise ConfigurationError(f"there is no policy directory {root.name!r}")
    findings = Findings()
    directory = read_directory(root, findings)
    check_loading(directory, findings)
    check_contracts(directory, today, findings)
    check_tags(directory, findings)
    check_rules(directory, today, findings)
    check_catalogs(directory, findings)
    check_keys(directory, findings)
    remaining, acknowledged = without_acknowledged(root, findings.sorted())
    return LintReport(findings=remaining, acknowledged=acknowledged)
