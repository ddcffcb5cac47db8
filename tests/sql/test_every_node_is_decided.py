"""Every node type of the parser is accepted, refused with advice, or refused in a reviewed list."""

from collections import Counter
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML
from sqlglot import exp

from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.functions.allowlist import allowlist
from lucky_mcp.sql.structure import OPERATORS, REPLACEMENTS, parts_of
from tests.support.cases import CASES

GROUPS = YAML(typ="safe").load((CASES / "refused_nodes.yaml").read_text(encoding="utf-8"))
REFUSED = [name for group in GROUPS for name in group["nodes"].split()]


def node_types(base: type[exp.Expr] = exp.Expr) -> Iterator[type[exp.Expr]]:
    for kind in base.__subclasses__():
        yield kind
        yield from node_types(kind)


KINDS = {kind.__name__: kind for kind in node_types()}


def accepted_in(kind: type[exp.Expr], dialect: Dialect) -> bool:
    return parts_of(kind, dialect) is not None or kind in OPERATORS or kind in allowlist(dialect).types


def accepted(kind: type[exp.Expr]) -> bool:
    return any(accepted_in(kind, dialect) for dialect in Dialect)


def test_every_type_of_the_parser_is_decided() -> None:
    undecided = [
        name
        for name, kind in KINDS.items()
        if not accepted(kind) and kind not in REPLACEMENTS and name not in REFUSED
    ]
    assert undecided == [], "add each to a group of tests/cases/refused_nodes.yaml, or to the accepted types"


def test_the_list_names_types_that_exist_and_are_refused() -> None:
    assert [name for name in REFUSED if name not in KINDS] == []
    assert [name for name in REFUSED if accepted(KINDS[name]) or KINDS[name] in REPLACEMENTS] == []
    assert [name for name, count in Counter(REFUSED).items() if count > 1] == []


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["group"])
def test_every_group_says_why(group: dict[str, str]) -> None:
    assert len(group["why"].split()) >= 5
    assert group["nodes"].split()


@pytest.mark.parametrize("kind", sorted(REPLACEMENTS, key=lambda kind: kind.__name__))
def test_what_has_advice_is_accepted_nowhere_without_a_decision(kind: type[exp.Expr]) -> None:
    """QUALIFY has advice for the dialects that lack it."""
    assert accepted(kind) is (kind is exp.Qualify)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("kind", [exp.DML, exp.DDL, exp.Command, exp.Into, exp.Set, exp.Describe, exp.Copy])
def test_nothing_that_writes_is_accepted_in_any_dialect(kind: type[exp.Expr], dialect: Dialect) -> None:
    writing = [kind, *node_types(kind)]
    assert [each for each in writing if accepted_in(each, dialect) and not issubclass(each, exp.Query)] == []
