"""Warnings that a reviewer has looked at: `# lint: allow RULE: why`, on the line itself or above it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lucky_mcp.policy.lint.findings import Finding, Findings
from lucky_mcp.policy.lint.rules import RULES, Severity

COMMENT = re.compile(r"(?:^|\s)#\s*lint:(?P<text>.*)")
ALLOWED = re.compile(r"\s*allow (?P<rule>[a-z-]+):\s*(?P<why>\S.*)")


@dataclass(frozen=True, kw_only=True)
class _Acknowledgement:
    file: str
    written: int
    covers: int
    rule: str

    def is_for(self, finding: Finding) -> bool:
        return (self.file, self.covers, self.rule) == (finding.file, finding.line, finding.rule)


def without_acknowledged(root: Path, found: Iterable[Finding]) -> tuple[tuple[Finding, ...], int]:
    """Return the findings that remain, and how many were acknowledged.

    Errors remain. A comment that is misspelt, gives no reason or is for nothing becomes a finding itself.
    """
    findings = Findings()
    accepted = [each for path in sorted(root.rglob("*.yaml")) for each in _read(path, root, findings)]
    remaining, used = [], set()
    for finding in found:
        match = next((each for each in accepted if each.is_for(finding)), None)
        if match is not None and finding.severity is Severity.WARNING:
            used.add(match)
        else:
            remaining.append(finding)
    for each in accepted:
        if each not in used:
            findings.add(
                "stale-acknowledgement", f"{each.file}:{each.written}", f"there is no {each.rule} here"
            )
    return tuple(sorted([*remaining, *findings.sorted()])), len(used)


def _read(path: Path, root: Path, findings: Findings) -> list[_Acknowledgement]:
    name = path.relative_to(root).as_posix()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []  # found already, as unreadable
    accepted = []
    for number, line in enumerate(lines, start=1):
        comment = COMMENT.search(line)
        if comment is None:
            continue
        allowed = ALLOWED.fullmatch(comment["text"])
        if allowed is None or allowed["rule"] not in RULES:
            findings.add("bad-acknowledgement", f"{name}:{number}", f"cannot be read: {line.strip()}")
            continue
        accepted.append(
            _Acknowledgement(file=name, written=number, covers=_covered(lines, number), rule=allowed["rule"])
        )
    return accepted


def _covered(lines: list[str], number: int) -> int:
    """Return the line that a comment is about: its own, or the next one that is no comment."""
    if not lines[number - 1].lstrip().startswith("#"):
        return number
    after = range(number, len(lines))
    return next((index + 1 for index in after if not lines[index].lstrip().startswith("#")), number)
