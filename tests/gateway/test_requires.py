"""Requirements as callers and the audit meet them, through the tools and over time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lucky_mcp.audit.record import Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.decision.decide import decide_table
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.model.decision import DenyReason, TableDecision, TableDenied
from lucky_mcp.model.names import TableName
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet
from tests.docs.sessions import Exchange, answer
from tests.support.house import ANALYST, CARE, MANAGER, NOW, opened

ORDERS, STOCK = "aws-luckyus-salesorder-rw", "aws-luckyus-scm-shopstock-rw"
LOOKUP = "SELECT order_id FROM t_sales_order_m WHERE user_no = 'U100000162'"


def described(source: str, table: str) -> Exchange:
    return Exchange(tool="describe_table", arguments={"source": source, "table": table}, shown="")


async def test_describe_table_says_what_is_required_and_why(gateway: Gateway) -> None:
    text = await answer(gateway, CARE, described(ORDERS, "t_sales_order_m"))
    line = next(each for each in text.splitlines() if each.startswith("required"))
    assert line == (
        "required in WHERE of each SELECT: user_no = one value; orders-of-a-customer; the orders of one customer,"
        " never a list of customers (owner order-platform)"
    )
    assert "size: not measured (PREDICATE_REQUIRED" in text
    assert "example:" not in text
    assert "required" not in await answer(gateway, ANALYST, described(ORDERS, "t_sales_order_m"))


async def test_what_a_range_is_required_of_is_measured_in_the_latest_one(gateway: Gateway) -> None:
    text = await answer(gateway, MANAGER, described(STOCK, "t_stock_change"))
    assert "required in WHERE of each SELECT: change_time between two times at most 93 days apart" in text
    assert "rows in the latest range that one query may cover" in text
    assert "t_stock_change.change_time >= '2025-11-14'" in text


async def test_search_results_are_as_before(gateway: Gateway) -> None:
    found = Exchange(tool="search_catalog", arguments={"question": "orders of a customer"}, shown="")
    text = await answer(gateway, CARE, found)
    assert "luckyus_sales_order.t_sales_order_m" in text
    assert "required" not in text


async def test_check_query_names_the_rule_and_a_receipt_does_not(gateway: Gateway) -> None:
    explained = await gateway.explain(CARE, SqlRead(source=ORDERS, sql=LOOKUP))
    (rule,) = [each for each in explained.applied if each.effect.startswith("each scan needs")]
    assert (rule.effect, rule.rule_id) == ("each scan needs user_no = one value", "orders-of-a-customer")
    assert rule.place.startswith("datasets/sales/orders.yaml:")
    result = await gateway.read(CARE, SqlRead(source=ORDERS, sql=LOOKUP))
    assert result.receipt.filters == ("us-market",)


async def test_the_audit_knows_which_rule_was_not_met_and_nobody_else(demo_policies: PolicySet) -> None:
    audit = MemorySink()
    gateway = await opened(demo_policies, audit=audit)
    audit.records.clear()
    with pytest.raises(ReadError) as refused:
        await gateway.read(CARE, SqlRead(source=ORDERS, sql="SELECT order_id FROM t_sales_order_m"))
    (record,) = audit.records
    assert isinstance(record, Ended)
    assert (record.outcome, record.phase) == (Code.PREDICATE_REQUIRED, "decide")
    assert "orders-of-a-customer at datasets/sales/orders.yaml:" in record.detail
    assert "orders.yaml" not in refused.value.agent_text
    assert "(the orders of one customer, never a list of customers)" in refused.value.agent_text
    await gateway.close()


async def test_a_range_by_the_clock_is_judged_again_at_every_read(demo_policies: PolicySet) -> None:
    clock: list[datetime] = [NOW]
    gateway = await opened(demo_policies)
    gateway._now = lambda: clock[0]
    request = SqlRead(
        source=STOCK, sql="SELECT COUNT(*) FROM t_stock_change WHERE change_time >= '2025-11-20'"
    )
    fixed = "SELECT COUNT(*) FROM t_stock_change WHERE change_time BETWEEN '2025-01-01' AND '2025-02-01'"
    kept = len(gateway._prepared_before)
    await gateway.explain(MANAGER, request)
    assert len(gateway._prepared_before) == kept
    await gateway.explain(MANAGER, SqlRead(source=STOCK, sql=fixed))
    assert len(gateway._prepared_before) == kept + 1
    clock[0] = NOW + timedelta(minutes=1)
    await gateway.explain(MANAGER, request)
    assert len(gateway._prepared_before) == kept + 1
    await gateway.close()


@pytest.mark.parametrize(("hour", "permitted"), [(3, True), (6, False)])
async def test_days_are_those_of_the_source(demo_policies: PolicySet, hour: int, permitted: bool) -> None:
    """93 days before the 15th in New York; in UTC it is the 16th at both hours."""
    gateway = await opened(demo_policies)
    gateway._now = lambda: datetime(2026, 2, 16, hour, tzinfo=UTC)
    await refresh_references(gateway, gateway._now)
    sql = "SELECT COUNT(*) FROM t_stock_change WHERE change_time >= '2025-11-14'"
    if permitted:
        await gateway.explain(MANAGER, SqlRead(source=STOCK, sql=sql))
    else:
        with pytest.raises(ReadError) as refused:
            await gateway.explain(MANAGER, SqlRead(source=STOCK, sql=sql))
        assert refused.value.code is Code.PREDICATE_REQUIRED
    await gateway.close()


@pytest.fixture
def requiring(project_root: Path, demo_data: Path, tmp_path: Path) -> Iterator[PolicySet]:
    """The policies with a table required of everybody that a view of the warehouse reads."""
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    path = copy / "datasets" / "warehouse" / "orders.yaml"
    text = path.read_text(encoding="utf-8")
    line = "  dwh_schema.fact_orders:\n"
    changed = text.replace(line, f"{line}    requires: {{range: date_key, days_max: 31}}\n")
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    yield load_policies(copy, {"DEMO_DATA": str(demo_data)})


@pytest.mark.parametrize(
    ("condition", "permitted"),
    [
        ("date_key BETWEEN 20260201 AND 20260214", True),
        ("date_key >= 20260201", True),
        ("date_key >= 20250101", False),
        ("date_key >= 1", False),
        ("date_key BETWEEN 20260201 AND 20260299", False),
        ("date_key = 20240229", True),
        ("date_key = '20240229'", True),
    ],
)
async def test_whole_numbers_stand_for_days(requiring: PolicySet, condition: str, permitted: bool) -> None:
    gateway = await opened(requiring)
    request = SqlRead(source="redshift", sql=f"SELECT COUNT(*) FROM dwh_schema.fact_orders WHERE {condition}")
    if permitted:
        await gateway.read(ANALYST, request)
    else:
        with pytest.raises(ReadError) as refused:
            await gateway.read(ANALYST, request)
        assert refused.value.code is Code.PREDICATE_REQUIRED
        assert "date_key >= 20260115" in refused.value.rewrite
    await gateway.close()


def test_what_requires_a_condition_is_not_read_through_a_view(
    requiring: PolicySet, demo_policies: PolicySet
) -> None:
    view = TableName.parse("mart_schema.mart_daily_store_revenue")
    references = {"us_shops": (10001, 10002)}

    def seen(policies: PolicySet) -> TableDecision | TableDenied:
        return decide_table(ANALYST, policies.sources["redshift"], view, policies, references)

    assert isinstance(seen(demo_policies), TableDecision)
    found = seen(requiring)
    assert isinstance(found, TableDenied)
    assert found.reason is DenyReason.HIDDEN_BELOW


async def test_a_time_on_the_left_is_still_taken_from_the_gateways_clock(gateway: Gateway) -> None:
    sql = "SELECT COUNT(*) FROM t_stock_change WHERE CURDATE() <= change_time"
    explained = await gateway.explain(MANAGER, SqlRead(source=STOCK, sql=sql))
    assert "CAST('2026-02-15' AS DATE)" in explained.sql_engine
    assert "CURRENT_DATE" not in explained.sql_engine
