"""Every file that decides anything is part of the digest; what does not decide is not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lucky_mcp.policy.policy_set import PolicySet

POLICIES = Path(__file__).resolve().parent.parent.parent / "policies"
DECIDING = sorted(
    path.relative_to(POLICIES).as_posix()
    for path in POLICIES.rglob("*.yaml")
    if not path.name.endswith(".test.yaml")
)
SNAPSHOTS = sorted(path.relative_to(POLICIES).as_posix() for path in (POLICIES / "catalog").glob("*.json"))


@pytest.mark.parametrize("name", DECIDING)
def test_a_changed_file_changes_the_digest(
    directory: Path, loaded: Callable[[], PolicySet], name: str
) -> None:
    before = loaded().digest
    with (directory / name).open("a", encoding="utf-8") as file:
        file.write("# a comment more\n")
    assert loaded().digest != before


@pytest.mark.parametrize("name", [name for name in SNAPSHOTS if not name.endswith(".proposed.json")])
def test_a_changed_snapshot_changes_the_digest(
    directory: Path, loaded: Callable[[], PolicySet], name: str
) -> None:
    before = loaded().digest
    path = directory / name
    document = json.loads(path.read_text(encoding="utf-8"))
    table = next(iter(document["tables"].values()))
    table["columns"].append({"name": "added", "type": "VARCHAR", "nullable": True, "comment": ""})
    path.write_text(json.dumps(document), encoding="utf-8")
    assert loaded().digest != before


def test_a_new_dataset_file_changes_the_digest(directory: Path, loaded: Callable[[], PolicySet]) -> None:
    before = loaded().digest
    text = "dataset: x.y\nowner: a\nclassification: internal\nsource: aws-luckyus-opshop-rw\ntables: {}\n"
    (directory / "datasets" / "more.yaml").write_text(text, encoding="utf-8")
    assert loaded().digest != before


@pytest.mark.parametrize(
    "name", ["README.md", "datasets/sales/orders.test.yaml", "catalog/aws-luckyus-opshop-rw.proposed.json"]
)
def test_what_decides_nothing_leaves_the_digest(
    directory: Path, loaded: Callable[[], PolicySet], name: str
) -> None:
    before = loaded().digest
    (directory / name).write_text("{}\n", encoding="utf-8")
    assert loaded().digest == before


def test_the_same_directory_has_the_same_digest(loaded: Callable[[], PolicySet]) -> None:
    assert loaded().digest == loaded().digest
    assert len(loaded().digest) == 16
