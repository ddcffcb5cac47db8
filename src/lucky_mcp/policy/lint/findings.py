"""What lint says: one finding per fault, each with its place, its rule and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.lint.rules import RULES, Severity

T = TypeVar("T")
PLACED = re.compile(r"(?P<file>[^:\n]+?\.(?:yaml|json))(?::(?P<line>\d+))?: (?P<what>.*)")


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """One fault at `file:line` (relative to the directory, lines from 1), and the way out of it."""

    file: str
    line: int
    rule: str
    what: str
    severity: Severity
    fix: str

    @property
    def place(self) -> str:
        """`file:line`, as editors open it."""
        return f"{self.file}:{self.line}"


class Findings:
    """Collects findings; the same fault at the same place is kept once, under the rule that saw it first."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Finding] = {}

    def add(self, rule: str, place: str, what: str) -> None:
        """Keep a finding; `place` is `file:line`, `rule` one of `RULES`."""
        file, _, line = place.rpartition(":")
        known = RULES[rule]
        finding = Finding(
            file=file, line=int(line), rule=rule, what=what, severity=known.severity, fix=known.fix
        )
        self._found.setdefault((place, what), finding)

    def attempt(self, rule: str, check: Callable[[], T], *, file: str = "") -> T | None:
        """Return what a check of the loader returns; its faults are kept, and then None is returned.

        `file` is where a fault is that names no file itself.
        """
        try:
            return check()
        except ConfigurationError as fault:
            for place, what in _faults(str(fault), file):
                self.add(rule, place, what)
            return None

    def sorted(self) -> tuple[Finding, ...]:
        """Return every finding, by place."""
        return tuple(sorted(self._found.values()))


def _faults(text: str, file: str) -> list[tuple[str, str]]:
    """Take a loader's message apart: one fault a line, each with its own place."""
    faults: list[tuple[str, str]] = []
    for line in text.splitlines():
        placed = PLACED.match(line)
        if placed:
            faults.append((f"{file or placed['file']}:{placed['line'] or 1}", placed["what"]))
        elif faults:
            place, before = faults[-1]
            faults[-1] = (place, f"{before} {line.strip()}")
        else:
            faults.append((f"{file or 'the directory'}:1", line))
    return faults
