"""A view in the words of the tools, over the demo itself."""

from __future__ import annotations

import pytest

from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from tests.server.harness import call, make_server
from tests.support.house import ANALYST, DBA

HEALTH = "mart_schema.mart_customer_health"


async def test_describe_table_says_that_it_is_a_view(gateway: Gateway) -> None:
    error, text = await call(
        make_server(gateway, lambda: ANALYST),  # type: ignore[arg-type]
        "describe_table",
        source="redshift",
        table=HEALTH,
    )
    first, *lines = text.splitlines()
    assert not error
    assert first == (
        f"OK {HEALTH} · redshift · dialect redshift · domain data · kind: view · dataset warehouse.marts · 6 columns"
    )
    assert not [line for line in lines if line.startswith(("primary key", "indexes"))]
    assert [line for line in lines if line.startswith("filter: us-market: on the rows of what it reads; ")]
    assert (
        f"example: SELECT country_code, segment, customers, orders, spend, churn_risk FROM {HEALTH} LIMIT 10"
        in lines
    )
    assert "size: 1 to 9 rows" in lines
    assert "dim_customer" not in text and "country_code = " not in text


async def test_search_catalog_says_that_it_is_a_view(gateway: Gateway) -> None:
    server = make_server(gateway, lambda: ANALYST)  # type: ignore[arg-type]
    _, text = await call(server, "search_catalog", question="accounts by market and segment, churn risk")
    assert f"{HEALTH} in source redshift (dialect redshift, domain data, kind: view)" in text


async def test_check_query_names_the_view_and_the_rule_and_no_table_below(gateway: Gateway) -> None:
    server = make_server(gateway, lambda: ANALYST)  # type: ignore[arg-type]
    sql = f"SELECT segment FROM {HEALTH}"
    error, text = await call(server, "check_query", source="redshift", sql=sql)
    assert not error and HEALTH in text and "us-market" in text
    assert "dim_customer" not in text and "lucky_view" not in text


@pytest.mark.parametrize("principal", [DBA, Principal(subject="r", roles=("security_reviewer",))])
async def test_a_view_does_not_exist_for_who_may_not_read_it(gateway: Gateway, principal: Principal) -> None:
    server = make_server(gateway, lambda: principal)  # type: ignore[arg-type]
    _, hidden = await call(server, "describe_table", source="redshift", table=HEALTH)
    _, unknown = await call(server, "describe_table", source="redshift", table="mart_schema.nothing_at_all")
    assert hidden == unknown.replace("mart_schema.nothing_at_all", HEALTH)
