"""Reads what pip-audit has found out, and says whether it has found out anything: report.py REPORT CONTROL.

A package that the service does not know, and a service that knows of no vulnerability at all, look like good
news in its report. So every package must have been looked up, and CONTROL, the report on a release that has
some, must name them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CLEAN, FOUND, NOT_CHECKED = 0, 1, 3


def judged(report: dict[str, Any] | None, control: dict[str, Any] | None) -> tuple[int, list[str]]:
    """Return the exit code and the lines to print; None stands for a report that was not written."""
    if report is None:
        return NOT_CHECKED, ["NOT CHECKED: the service of known vulnerabilities did not answer"]
    packages = report["dependencies"]
    found = [
        f"{package['name']} {package['version']}: {each['id']}"
        f" (fixed in {', '.join(each['fix_versions']) or 'no version yet'})"
        for package in packages
        for each in package.get("vulns", [])
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if found:
        return FOUND, found
    if skipped or not packages:
        return NOT_CHECKED, [
            f"NOT CHECKED: {len(skipped)} of {len(packages)} packages are not known to the service"
        ]
    if control is None or not any(package.get("vulns") for package in control["dependencies"]):
        return NOT_CHECKED, ["NOT CHECKED: the service knows no vulnerability even where there are some"]
    return CLEAN, [f"no known vulnerability in {len(packages)} packages"]


def read(path: Path) -> dict[str, Any] | None:
    """The report, None when there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


if __name__ == "__main__":
    code, lines = judged(read(Path(sys.argv[1])), read(Path(sys.argv[2])))
    print("\n".join(lines))
    sys.exit(code)
