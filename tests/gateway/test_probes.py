"""Guessing and enumerating end: what a statement asks after, and an attack that the budget stops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from lucky_mcp.enforcement.probed_values import probed_values
from lucky_mcp.errors import Code, LimitExceeded, ReadError
from lucky_mcp.gateway.prepare import prepare
from lucky_mcp.gateway.probed import Probed
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.model.decision import MaskName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.policy_set import PolicySet
from tests.enforcement.test_unfenced import decided
from tests.support.house import ANALYST, CARE, NOW, gateway_over
from tests.support.reference import CRM, ORDERS

PHONE = "luckyus_sales_crm.t_user.phone"
ONE = "SELECT order_no FROM t_sales_order_m WHERE user_no = 'U1'"


@pytest.fixture
async def counting(demo_policies: PolicySet) -> AsyncIterator[Gateway]:
    made = gateway_over(demo_policies, counts_probes=True)
    await refresh_references(made, lambda: NOW)
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ("phone = '***-***-0100'", {"***-***-0100"}),
        ("'***-***-0100' = PHONE AND country_code = 'US'", {"***-***-0100"}),
        ("phone IN ('a', 'b', 'b')", {"a", "b"}),
        ("phone LIKE '%0100'", {"%0100"}),
        ("NOT phone = 'a' OR phone BETWEEN 'b' AND 'c'", {"a", "b", "c"}),
        ("SUBSTR(phone, 9, 4) = '0100'", {"9", "4", "0100"}),
        ("CASE phone WHEN 'a' THEN 1 ELSE 2 END = 1", {"a", "1", "2"}),
        ("(phone, country_code) IN (('a', 'US'), ('b', 'US'))", {"a", "b", "US"}),
        ("phone IN (SELECT x.c FROM (SELECT 'a' AS c UNION ALL SELECT 'b') x)", {"a", "b"}),
        ("EXISTS (SELECT 1 FROM (SELECT 'a' AS c) x WHERE x.c = phone)", {"a", "1"}),
        ("user_no = 'U1'", set()),
        ("phone IS NULL AND user_no > 'U2'", set()),
    ],
)
def test_values_that_are_compared_with_a_masked_column(
    counting: Gateway, where: str, values: set[str]
) -> None:
    request = SqlRead(source=CRM, sql=f"SELECT COUNT(*) FROM t_user WHERE {where}")
    source = counting.policies.sources[CRM]
    prepared = prepare(counting.view(), ANALYST, source, request)
    assert prepared.probes == {f"{PHONE} = {value}" for value in values}


@pytest.mark.parametrize(
    ("read", "values"),
    [
        ("t_user JOIN (SELECT 'a' AS phone) x USING (phone)", {"a"}),
        ("t_user JOIN (SELECT 'a' AS user_no) x USING (user_no)", set()),
        ("t_user NATURAL JOIN (SELECT 'a' AS phone) x", {"a"}),
    ],
)
def test_values_that_are_joined_with_a_masked_column(counting: Gateway, read: str, values: set[str]) -> None:
    request = SqlRead(source=CRM, sql=f"SELECT COUNT(*) FROM {read}")
    probes = prepare(counting.view(), ANALYST, counting.policies.sources[CRM], request).probes
    assert {each for each in probes if each.startswith(PHONE)} == {f"{PHONE} = {value}" for value in values}


def test_a_column_that_comes_masked_from_below_a_view_is_asked_after(counting: Gateway) -> None:
    sql = "SELECT order_no FROM t_sales_order_m WHERE remark = 'a' AND order_no = 'b'"
    query, permit, _ = decided(counting.view(), "mysql", sql, Kind.MYSQL)
    (table,) = permit.tables
    below = {"remark": (MaskName.LAST4,), "order_no": (MaskName.NULL,)}
    columns = tuple(replace(each, mask=None, masks_below=below.get(each.name, ())) for each in table.columns)
    shown = replace(permit, tables=(replace(table, columns=columns),))
    assert probed_values(query, shown) == {f"{table.table}.remark = a"}


def test_a_person_has_one_budget_through_whatever_asks(counting: Gateway) -> None:
    """What one person may guess is no more through several apps, and no less beside others of the app."""
    prepared = prepare(
        counting.view(), CARE, counting.policies.sources[ORDERS], SqlRead(source=ORDERS, sql=ONE)
    )
    limit = prepared.permit.bound.probes_max
    whole = replace(prepared, probes=frozenset(f"s.t.c = {number}" for number in range(limit)))
    further = replace(prepared, probes=frozenset({"s.t.c = x"}))
    one, other = (Principal(subject=f"app:{name}", roles=CARE.roles) for name in ("one", "other"))
    probed = Probed()
    probed.refuse_more(replace(CARE, app=one), whole, NOW)
    probed.refuse_more(replace(CARE, subject="carl", app=one), whole, NOW)
    for app in (one, other, None):
        with pytest.raises(LimitExceeded):
            probed.refuse_more(replace(CARE, app=app), further, NOW)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT phone, COUNT(*) FROM t_user GROUP BY phone ORDER BY phone LIMIT 5",
        "SELECT COUNT(DISTINCT phone) FROM t_user WHERE user_no = 'U1'",
        "SELECT u.phone FROM t_user u JOIN t_user_profile p ON p.user_no = u.user_no WHERE p.gender = 'F'",
    ],
)
def test_showing_and_grouping_ask_after_nothing(counting: Gateway, sql: str) -> None:
    source = counting.policies.sources[CRM]
    assert prepare(counting.view(), ANALYST, source, SqlRead(source=CRM, sql=sql)).probes == frozenset()


async def test_enumerating_customers_one_by_one_ends(counting: Gateway) -> None:
    """Customer care looks customers up by number; a script that counts through the numbers gets 200 an hour."""

    async def look_up(number: int, caller: Principal = CARE) -> str:
        ask = SqlRead(source=ORDERS, sql=f"SELECT order_no FROM t_sales_order_m WHERE user_no = 'U{number}'")
        try:
            await counting.read(caller, ask)
        except ReadError as refusal:
            return refusal.agent_text
        return "ok"

    answers = [await look_up(number) for number in range(205)]
    assert [text == "ok" for text in answers] == [True] * 200 + [False] * 5
    assert answers[-1].startswith(f"ERROR {Code.RATE_LIMITED}: 1 values of masked columns and of keys")
    assert "try again at 13:00 UTC, in 60 min" in answers[-1]
    assert await look_up(7) == "ok", "what was asked after before costs nothing"
    assert await look_up(999, replace(CARE, subject="carl")) == "ok"
    counting._now = lambda: NOW + timedelta(minutes=50)
    assert "in 10 min" in await look_up(300)
    counting._now = lambda: NOW + timedelta(minutes=60)
    await refresh_references(counting, lambda: NOW + timedelta(minutes=60))
    assert await look_up(300) == "ok"


async def test_more_at_once_than_an_hour_has_never_fits(counting: Gateway) -> None:
    many = ", ".join(f"'***-***-{number:04d}'" for number in range(1001))
    with pytest.raises(ReadError) as refused:
        await counting.read(ANALYST, SqlRead(source=CRM, sql=f"SELECT 1 FROM t_user WHERE phone IN ({many})"))
    assert (refused.value.code, refused.value.next_step) == (Code.RATE_LIMITED, "compare with fewer values")


async def test_explaining_costs_nothing(counting: Gateway) -> None:
    many = ", ".join(f"'***-***-{number:04d}'" for number in range(999))
    sql = f"SELECT 1 FROM t_user WHERE phone IN ({many})"
    for _ in range(3):
        await counting.explain(ANALYST, SqlRead(source=CRM, sql=sql))
    other = SqlRead(source=CRM, sql="SELECT 1 FROM t_user WHERE phone = 'x' OR phone = 'y'")
    await counting.read(ANALYST, other)
    await counting.read(ANALYST, replace(other, sql=other.sql.replace("'x'", "'z'")))
