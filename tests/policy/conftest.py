"""A private copy of the policy directory, for tests that change it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet

Change = Callable[[str, str, str], None]


@pytest.fixture
def directory(project_root: Path, tmp_path: Path) -> Path:
    """A copy of the project's policies that a test may damage."""
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    return copy


@pytest.fixture
def change(directory: Path) -> Change:
    """Replace one text by another in one file; the old text must occur exactly once."""

    def changed(name: str, old: str, new: str) -> None:
        path = directory / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return changed


@pytest.fixture
def loaded(directory: Path) -> Callable[[], PolicySet]:
    """Load the copy as it is now."""
    return lambda: load_policies(directory, {"DEMO_DATA": "data"})
