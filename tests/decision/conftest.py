"""Policies with one file changed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet


@pytest.fixture
def changed_customers(project_root: Path, tmp_path: Path) -> Callable[[str, str], PolicySet]:
    """Load the policies with one text of the customers' dataset replaced."""
    return lambda old, new: changed(project_root, tmp_path, "datasets/crm/customers.yaml", old, new)


@pytest.fixture
def changed_contracts(project_root: Path, tmp_path: Path) -> Callable[[str, str], PolicySet]:
    """Load the policies with one text of the contracts replaced."""
    return lambda old, new: changed(project_root, tmp_path, "contracts.yaml", old, new)


def changed(project_root: Path, tmp_path: Path, name: str, old: str, new: str) -> PolicySet:
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    text = (copy / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
    (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    return load_policies(copy, {"DEMO_DATA": "data"})
