"""A content is parsed once for all files that hold it, and not kept for one that holds another by now."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from lucky_mcp.policy import yaml_kept
from lucky_mcp.policy.yaml_kept import KeptTrees
from lucky_mcp.policy.yaml_tree import Node, YamlFault


def read(trees: KeptTrees, path: str, text: str) -> Node:
    content = text.encode()
    return trees.of(Path(path), content, sha256(content).hexdigest())


def test_the_same_content_is_the_same_tree() -> None:
    trees = KeptTrees()
    first = read(trees, "a.yaml", "x: 1")
    assert read(trees, "a.yaml", "x: 1") is first and read(trees, "b.yaml", "x: 1") is first
    assert first.value["x"].value == 1 and len(trees) == 1


def test_versions_of_a_file_do_not_pile_up() -> None:
    trees = KeptTrees()
    read(trees, "other.yaml", "y: 1")
    for number in range(50):
        assert read(trees, "a.yaml", f"x: {number}").value["x"].value == number
    assert len(trees) == 2


def test_no_more_than_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_kept, "TREES_MAX", 3)
    monkeypatch.setattr(yaml_kept, "PATHS_MAX", 4)
    trees = KeptTrees()
    for number in range(9):
        read(trees, f"{number}.yaml", f"x: {number}")
    assert len(trees) == 3 and len(trees._held) == 4


def test_what_is_no_yaml_is_told_each_time() -> None:
    trees = KeptTrees()
    for _ in range(2):
        with pytest.raises(YamlFault):
            read(trees, "a.yaml", "x: [")
    assert read(trees, "a.yaml", "x: 1").value["x"].value == 1
