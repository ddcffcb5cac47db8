"""What exists for a caller: only what the caller may read, kept while nothing changes, and fast for a large fleet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import NameRefused
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.view import View
from lucky_mcp.gateway.visible import FLEETS_MAX, Visible
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.visible import VisibleTable
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, DBA, ENGINEER, EXECUTIVE

NOW = datetime(2026, 2, 15, tzinfo=UTC)
SHOPS = (10001, 10002)
TABLES_IN_A_LARGE_FLEET = 1_400
SEARCH_SECONDS_MAX = 0.05


class Views:
    """A view that tests may change, and the `Visible` that looks at it."""

    def __init__(self, policies: PolicySet) -> None:
        self.view = View(policies=policies, references={"us_shops": SHOPS}, now=NOW)
        self.visible = Visible(lambda: self.view)

    def names(self, principal: Principal) -> set[str]:
        return {f"{each.schema}.{each.table}" for each in self.visible.tables(principal)}

    def change(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]


@pytest.fixture
def views(demo_policies: PolicySet) -> Views:
    return Views(demo_policies)


def full_name(table: VisibleTable) -> str:
    return f"{table.schema}.{table.table}"


def test_only_what_the_caller_may_read_is_found(views: Views) -> None:
    assert views.visible.search(DBA, "orders customers stores", None, 20) == ()
    for_executive = views.visible.search(EXECUTIVE, "orders customers stores", None, 20)
    assert {each.kind for each in for_executive} == {"view"}
    assert {each.schema for each in for_executive} == {"mart_schema"}
    assert "luckyus_sales_crm.t_user_profile" in {
        full_name(each) for each in views.visible.search(ENGINEER, "first_name", None, 20)
    }
    for_analyst = views.visible.search(ANALYST, "first_name", None, 20)
    assert "luckyus_sales_crm.t_user_profile" not in {full_name(each) for each in for_analyst}


def test_hidden_columns_change_no_rank(views: Views, demo_policies: PolicySet) -> None:
    """The analyst's answers are those of a fleet in which the hidden columns never were."""
    asked = "name of the customer and birthday gender phone order store"
    tables = {
        source: {
            name: replace(
                policy,
                columns=tuple(
                    each
                    for each in policy.columns
                    if each.name not in {"first_name", "last_name", "birthday"}
                ),
            )
            for name, policy in found.items()
        }
        for source, found in demo_policies.tables.items()
    }
    without = Views(replace(demo_policies, tables=tables))
    expected = without.visible.search(ANALYST, asked, None, 20)
    assert [full_name(each) for each in expected] == [
        full_name(each) for each in views.visible.search(ANALYST, asked, None, 20)
    ]
    assert expected == views.visible.search(ANALYST, asked, None, 20)


def test_a_domain_narrows_the_search(views: Views) -> None:
    found = views.visible.search(ANALYST, "orders of each store", "OPERATIONS", 20)
    assert {each.domain for each in found} == {"operations"}


async def test_every_join_of_one_source_runs(gateway: Gateway) -> None:
    checked = 0
    for principal in (ANALYST, ENGINEER):
        for table in gateway.visible.tables(principal):
            described = gateway.visible.table(principal, table.source, full_name(table))
            for join in (each for each in described.joins if each.join):
                sql = f"SELECT COUNT(*) AS n FROM {full_name(table)} {join.join}"
                await gateway.read(principal, SqlRead(source=table.source, sql=sql))
                checked += 1
    assert checked >= 4


def test_what_two_callers_of_a_role_see_is_computed_once(views: Views) -> None:
    first = views.visible.tables(ANALYST)
    again = views.visible.tables(Principal(subject="bob", roles=("analyst",)))
    assert all(one is other for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize(
    "other",
    [
        ENGINEER,
        Principal(subject="ann", roles=("analyst", "data_engineer")),
        Principal(subject="ann", roles=("analyst",), attributes={"shops": ("1",)}),
        Principal(subject="system:ann", roles=("analyst",)),
        Principal(subject="ann", roles=()),
    ],
)
def test_another_role_or_attribute_is_another_fleet(views: Views, other: Principal) -> None:
    first = views.visible.tables(ANALYST)
    assert not any(one is each for one in first for each in views.visible.tables(other))


def test_a_missing_reference_set_takes_its_tables_away_at_once(views: Views) -> None:
    assert "luckyus_sales_order.t_sales_order_m" in views.names(ANALYST)
    views.change(references={})
    assert "luckyus_sales_order.t_sales_order_m" not in views.names(ANALYST)
    with pytest.raises(NameRefused):
        views.visible.table(ANALYST, "opshop", "luckyus_sales_order.t_sales_order_m")
    views.change(references={"us_shops": SHOPS})
    assert "luckyus_sales_order.t_sales_order_m" in views.names(ANALYST)


def test_another_policy_set_is_in_force_at_once(views: Views, demo_policies: PolicySet) -> None:
    assert views.names(ANALYST)
    views.change(policies=replace(demo_policies, tables={}))  # the same digest: only the object differs
    assert views.names(ANALYST) == set()


def test_only_so_many_callers_are_remembered(views: Views) -> None:
    first = views.visible.tables(ANALYST)
    for number in range(FLEETS_MAX):
        views.visible.tables(Principal(subject="s", roles=("analyst",), attributes={"shops": (str(number),)}))
    assert views.visible.tables(ANALYST)[0] is not first[0]
    assert views.visible.tables(ANALYST) == first


def large(policies: PolicySet, size: int) -> PolicySet:
    """Return a policy set of `size` tables: the demo's that analysts read, and again under further names."""
    originals = [
        (source, name)
        for source, found in policies.tables.items()
        for name, policy in found.items()
        if any("analyst" in grant.roles for grant in policy.grants)
    ]
    tables: dict[str, dict[TableName, object]] = {source: {} for source in policies.tables}
    catalogs: dict[str, dict[TableName, object]] = {source: {} for source in policies.tables}
    for number in range(size):
        source, original = originals[number % len(originals)]
        again = TableName(schema=original.schema, table=f"{original.table}_{number}")
        name = original if number < len(originals) else again
        policy, table = policies.tables[source][original], policies.catalogs[source].tables[original]
        tables[source][name] = replace(policy, table=name)
        catalogs[source][name] = replace(table, name=name)
    made = {source: Catalog(source=source, tables=found) for source, found in catalogs.items()}  # type: ignore[arg-type]
    return replace(policies, tables=tables, catalogs=made)  # type: ignore[arg-type]


def seconds(question: str, visible: Visible) -> Iterator[float]:
    for _ in range(5):
        begun = time.perf_counter()
        visible.search(ANALYST, question, None, 8)
        yield time.perf_counter() - begun


@pytest.mark.parametrize(
    "question", ["revenue by store last week", "produktion per bariste", "上周各门店营业额"]
)
def test_a_large_fleet_is_searched_fast(demo_policies: PolicySet, question: str) -> None:
    """Best of five, so that a busy machine does not fail it; a walk over all pairs of tables takes seconds."""
    views = Views(large(demo_policies, TABLES_IN_A_LARGE_FLEET))
    assert len(views.names(ANALYST)) == TABLES_IN_A_LARGE_FLEET
    views.visible.search(ANALYST, "warm", None, 1)
    assert min(seconds(question, views.visible)) < SEARCH_SECONDS_MAX
    begun = time.perf_counter()
    table = views.visible.table(ANALYST, "salesorder", "t_sales_order_m")
    assert time.perf_counter() - begun < SEARCH_SECONDS_MAX
    assert table.joins_left_out > 100
