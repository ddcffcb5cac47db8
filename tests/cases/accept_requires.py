"""Fills in the rows of new cases in `requires.yaml`: `python -m tests.cases.accept_requires`.

They come from the clean twin, never from the guard. Delete `rows` of a case to have it filled again.
"""

from __future__ import annotations

import re
import tempfile
from datetime import date
from pathlib import Path

from ruamel.yaml import YAML

from lucky_mcp.demo.generate import generate
from tests.support.cases import as_csv
from tests.support.required import PATH
from tests.support.role_twins import RoleTwins


def fill() -> None:
    """Write the rows that are missing at the end of their line, so that the rest of the file stays as it is."""
    text = PATH.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        twins = RoleTwins(generate(seed=7, end=date(2026, 2, 14), scale="tiny"), Path(folder))
        for group in YAML(typ="safe").load(text):
            for case in group["permitted"]:
                if "rows" in case:
                    continue
                twin = twins.of(group["role"], group.get("dialect", ""))
                _, rows = twin.ask(group["source"], case.get("twin") or case["sql"])
                shown = "\\n".join(as_csv(rows)).replace('"', '\\"')
                title = re.escape(f"- {{title: {case['title']}, sql:")
                text = re.sub(
                    rf"^(    {title}.*)\}}$",
                    lambda match, shown=shown: f'{match.group(1)}, rows: "{shown}"}}',
                    text,
                    flags=re.MULTILINE,
                )
        twins.close()
    PATH.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    fill()
