"""Policy files read by the C parser: the same values and lines as a YAML 1.2 parser gives, and no surprises."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy import yaml_tree
from lucky_mcp.policy.schema import RolesFile
from lucky_mcp.policy.yaml_files import YamlFile
from lucky_mcp.policy.yaml_tree import DEPTH_MAX, Node, YamlFault, read_tree
from tests.support.cases import CASES

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "policies").rglob("*.yaml")), *sorted((CASES / "policy").rglob("*.yaml"))]
SCALARS = YAML(typ="safe").load((CASES / "policy" / "scalars.yaml").read_text(encoding="utf-8"))
REFUSED = [
    ("a: 1\n<<: {b: 2}\n", 2, "merge keys"),
    ("a: 1\na: 2\n", 2, "duplicate key 'a'"),
    ("a: &x [*x]\n", 1, "undefined alias 'x'"),
    ("a: 1\n---\nb: 2\n", 2, "second document"),
    ("%YAML 1.1\n---\na: yes\n", 1, "YAML 1.2"),
    ("a: 1\nb: !!set {c}\n", 2, "tagged values"),
    ("a: 1\nb: !!str 5\n", 2, "tagged values"),
    ("a: 1\n? [b]\n: c\n", 2, "a key must be"),
    ("a: &k b\n*k : c\n", 2, "a key must be"),
    ("a: b: c\n", 1, "mapping values are not allowed"),
    ("a: \x01\n", 0, "control characters"),
    ("a: " + "[" * DEPTH_MAX + "]" * DEPTH_MAX, 1, "nested more than"),
    ("[" * 100_000, 1, "nested more than"),
]


def plain(node: Node) -> Any:
    match node.value:
        case dict():
            return {key: plain(each) for key, each in node.value.items()}
        case list():
            return [plain(each) for each in node.value]
    return node.value


def keys_as_written(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): keys_as_written(each) for key, each in tree.items()}
    return [keys_as_written(each) for each in tree] if isinstance(tree, list) else tree


def lines_of(tree: Any) -> Any:
    """The line of every key and item, as the round-trip parser knows it."""
    if isinstance(tree, dict):
        return {str(key): (tree.lc.key(key)[0] + 1, lines_of(each)) for key, each in tree.items()}
    if isinstance(tree, list):
        return [(tree.lc.item(index)[0] + 1, lines_of(each)) for index, each in enumerate(tree)]
    return None


def node_lines(node: Node) -> Any:
    match node.value:
        case dict():
            return {key: (each.line, node_lines(each)) for key, each in node.value.items()}
        case list():
            return [(each.line, node_lines(each)) for each in node.value]
    return None


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in FILES])
def test_a_file_reads_as_a_full_parser_reads_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = read_tree(text)
    assert repr(plain(tree)) == repr(keys_as_written(YAML(typ="safe", pure=True).load(text)))
    assert node_lines(tree) == lines_of(YAML(typ="rt").load(text))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["written"] or "nothing") for case in SCALARS])
def test_a_scalar_means_what_yaml_1_2_says(case: dict[str, str]) -> None:
    found = plain(read_tree(f"value: {case['written']}\n"))["value"]
    told = found.isoformat() if isinstance(found, datetime.date) else found
    assert json.dumps(told) == case["means"]


@pytest.mark.parametrize(("text", "line", "problem"), REFUSED)
def test_what_policies_do_not_use_is_refused_at_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(YamlFault, match=problem) as refused:
        read_tree(text)
    assert refused.value.line == line


def test_an_anchor_is_one_value_in_each_of_its_places() -> None:
    tree = read_tree("a: &x {b: [1]}\nc:\n  - *x\n  - *x\n")
    assert plain(tree) == {"a": {"b": [1]}, "c": [{"b": [1]}, {"b": [1]}]}
    assert [each.line for each in tree.value["c"].value] == [3, 4]


def test_aliases_that_grow_without_end_are_a_fault_of_the_file(tmp_path: Path) -> None:
    """Values that double with each line, and nesting that adds up from alias to alias."""
    doubled = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    deep = "b0: &b0 x\n" + "".join(f"b{n}: &b{n} {'[' * 60}*b{n - 1}{']' * 60}\n" for n in range(1, 60))
    for text, said in ((doubled, "are aliases nested"), (deep, "nested too deep")):
        (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=said):
            YamlFile(tmp_path / "one.yaml", tmp_path).read_as(RolesFile)


def test_the_parser_is_the_one_written_in_c() -> None:
    assert yaml_tree._LOADER is yaml.CBaseLoader
