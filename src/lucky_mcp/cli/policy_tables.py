"""What the policy commands found, for people: a coloured table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TextIO

from lucky_mcp.policy.lint.rules import Severity
from lucky_mcp.policy.lint.run import LintReport

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def show_findings(report: LintReport, out: TextIO) -> None:
    """Print every finding and a last line that counts them."""
    if out.isatty():
        _as_table(report, out)
    else:
        for finding in report.findings:
            print(f"{finding.place}: {finding.severity} {finding.rule}: {finding.what}", file=out)
            print(f"    fix: {finding.fix}", file=out)
    warnings = len(report.findings) - report.errors
    counts = f"{_counted(report.errors, 'error')}, {_counted(warnings, 'warning')}"
    print(f"{counts}, {report.acknowledged} acknowledged", file=out)


def _as_table(report: LintReport, out: TextIO) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not report.findings:
        return
    table = Table("place", "rule", "what", "fix", show_lines=True)
    for finding in report.findings:
        colour = COLOURS[finding.severity]
        table.add_row(
            escape(finding.place),
            f"[{colour}]{finding.severity} {finding.rule}[/{colour}]",
            escape(finding.what),
            escape(finding.fix),
        )
    Console(file=out).print(table)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
