"""A grouped statement goes without a row bound only where its guards' lists of values bound it already."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.enforcement.bound import is_few_groups
from lucky_mcp.enforcement.few_groups import groups_at_most
from lucky_mcp.enforcement.mentioned_columns import narrowed
from lucky_mcp.enforcement.verify import verify
from lucky_mcp.errors import GuardFailed
from lucky_mcp.model.source import Kind
from lucky_mcp.sql.nodes import Nodes
from tests.enforcement.conftest import Shared
from tests.enforcement.test_unfenced import made
from tests.support.cases import CASES

EACH: list[dict[str, Any]] = YAML(typ="safe").load((CASES / "few_groups.yaml").read_text(encoding="utf-8"))
TITLES = [each["title"] for each in EACH]
BOUND = re.compile(r" LIMIT \d+$")


@pytest.mark.parametrize("case", EACH, ids=TITLES)
def test_the_bound_is_left_out_where_lists_bound_the_groups(shared: Shared, case: dict[str, Any]) -> None:
    guarded = made(shared.gateway.view(), "mysql", case["sql"], Kind.MYSQL)[0]
    assert bool(BOUND.search(guarded.text_sent)) is case["bound"]


@pytest.mark.parametrize("case", EACH, ids=TITLES)
def test_other_engines_get_the_bound_all_the_same(shared: Shared, case: dict[str, Any]) -> None:
    assert BOUND.search(made(shared.gateway.view(), "mysql", case["sql"], Kind.DUCKDB)[0].text_sent)


NEEDED = [each for each in EACH if each["bound"] and "LIMIT" not in each["sql"]]


@pytest.mark.parametrize("case", NEEDED, ids=lambda case: case["title"])
def test_a_text_without_a_bound_that_it_needs_does_not_verify(shared: Shared, case: dict[str, Any]) -> None:
    guarded, query, permit, source = made(shared.gateway.view(), "mysql", case["sql"], Kind.MYSQL)
    shown = narrowed(permit, query, Nodes(query.tree), source)

    def read(text: str) -> None:
        verify(text, query, shown, source, rows_max=guarded.rows_max, fenced=guarded.always_fenced)

    read(guarded.text_sent)
    with pytest.raises(GuardFailed):
        read(BOUND.sub("", guarded.text_sent))


@pytest.mark.parametrize("case", [each for each in EACH if not each["bound"]], ids=lambda case: case["title"])
def test_lists_bound_no_fewer_rows_than_they_hold(shared: Shared, case: dict[str, Any]) -> None:
    """Eleven stores and, for an outer join, none."""
    stores = f"{case['sql']} LIMIT 11"
    assert BOUND.search(made(shared.gateway.view(), "mysql", stores, Kind.MYSQL)[0].text_sent)
    _, query, permit, source = made(shared.gateway.view(), "mysql", case["sql"], Kind.MYSQL)
    shown = narrowed(permit, query, Nodes(query.tree), source)
    known = {id(scan.node) for scan in query.scans}
    assert groups_at_most(query.tree, shown.tables, lambda item: id(item) in known) == 12
    assert not is_few_groups(query.tree, shown.tables, query.scans, Kind.MYSQL, 11)
    assert is_few_groups(query.tree, shown.tables, query.scans, Kind.MYSQL, 12)
    assert not is_few_groups(query.tree, shown.tables, query.scans, Kind.POSTGRES, 12)
