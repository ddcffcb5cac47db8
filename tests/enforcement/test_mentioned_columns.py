"""A server's guards show the columns that a statement names, and all where it may mean one without its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.enforcement.mentioned_columns import narrowed
from lucky_mcp.model.source import Kind
from lucky_mcp.sql.nodes import Nodes
from tests.enforcement.conftest import Shared
from tests.enforcement.test_unfenced import decided, made
from tests.support.cases import CASES

FILE: dict[str, list[dict[str, Any]]] = YAML(typ="safe").load(
    (CASES / "mentioned_columns.yaml").read_text(encoding="utf-8")
)
TABLES = {"t_sales_order_m": "orders", "t_order_item": "items"}
EACH = [
    pytest.param(dialect, case, id=f"{dialect} {case['title']}")
    for dialect in ("mysql", "postgres")
    for case in FILE["both"] + FILE[dialect]
]


@pytest.mark.parametrize(("dialect", "case"), EACH)
def test_guards_show_what_is_named(shared: Shared, dialect: str, case: dict[str, Any]) -> None:
    query, permit, source = decided(shared.gateway.view(), dialect, case["sql"], Kind(dialect))
    shown = narrowed(permit, query, Nodes(query.tree), source)
    for whole, table in zip(permit.tables, shown.tables, strict=True):
        expected = case[TABLES[table.table.table]]
        kept = [each for each in whole.columns if expected == "all" or each.name in expected]
        assert list(table.columns) == kept
        assert replace(table, columns=whole.columns) == whole


@pytest.mark.parametrize(("dialect", "case"), EACH)
def test_what_is_not_named_is_not_in_the_text(shared: Shared, dialect: str, case: dict[str, Any]) -> None:
    guarded = made(shared.gateway.view(), dialect, case["sql"], Kind(dialect))[0]
    assert ("discount_amount" in guarded.text_sent) is (case.get("orders") == "all")
    assert ("unit_price" in guarded.text_sent) is (case.get("items") == "all")


@pytest.mark.parametrize(("dialect", "case"), EACH)
def test_the_embedded_engine_leaves_columns_out_by_itself(
    shared: Shared, dialect: str, case: dict[str, Any]
) -> None:
    query, permit, source = decided(shared.gateway.view(), dialect, case["sql"], Kind.DUCKDB)
    assert narrowed(permit, query, Nodes(query.tree), source) is permit
