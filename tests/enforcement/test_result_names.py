"""A column has the name that the statement gives it, where a server shows it under the name of a later one."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.enforcement.result_names import ResultNames
from lucky_mcp.model.source import Kind
from tests.enforcement.conftest import Shared
from tests.enforcement.test_unfenced import made
from tests.support.cases import CASES

EACH: list[dict[str, Any]] = YAML(typ="safe").load((CASES / "result_names.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", EACH, ids=lambda case: str(case["title"]))
def test_a_column_keeps_its_name(shared: Shared, case: dict[str, Any]) -> None:
    view = shared.gateway.view()
    names = made(view, "mysql", case["sql"], Kind.MYSQL)[0].names
    assert list(names.over(tuple(case["found"]))) == case.get("shown", case["found"])


def test_a_star_has_the_columns_that_the_guard_shows(shared: Shared) -> None:
    sql = "SELECT *, quantity AS last FROM t_order_item"
    guarded, _, permit, _ = made(shared.gateway.view(), "mysql", sql, Kind.MYSQL)
    columns = tuple(column.name for column in permit.tables[0].columns)
    mixed_up = tuple("last" if name == "quantity" else name for name in (*columns, "last"))
    assert guarded.names.over(mixed_up) == (*columns, "last")


def test_other_servers_name_what_they_show(shared: Shared) -> None:
    view = shared.gateway.view()
    guarded = made(view, "postgres", "SELECT quantity, quantity AS c FROM t_order_item", Kind.POSTGRES)[0]
    assert guarded.names == ResultNames()
