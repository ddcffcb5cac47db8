"""Copies of the policy directory with texts replaced."""

from __future__ import annotations

import shutil
from pathlib import Path


def policies_with(project_root: Path, folder: Path, *changes: tuple[str, str, str]) -> Path:
    """Copy the project's policies to `folder`, each (file, old, new) replaced once; return the folder."""
    shutil.copytree(project_root / "policies", folder)
    for file, old, new in changes:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return folder
