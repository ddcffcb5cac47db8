"""What the policy commands found, as JSON for programs; the keys are part of the contract with them."""

from __future__ import annotations

import json

from lucky_mcp.policy.lint.run import LintReport


def findings_document(report: LintReport) -> str:
    """Return `{"findings": […], "errors": n, "warnings": n, "acknowledged": n}`."""
    return json.dumps(
        {
            "findings": [
                {
                    "file": finding.file,
                    "line": finding.line,
                    "rule": finding.rule,
                    "severity": finding.severity,
                    "what": finding.what,
                    "fix": finding.fix,
                }
                for finding in report.findings
            ],
            "errors": report.errors,
            "warnings": len(report.findings) - report.errors,
            "acknowledged": report.acknowledged,
        },
        indent=1,
        ensure_ascii=False,
    )
