"""Filters that need a reference set are never run without it."""

import dataclasses
from datetime import timedelta

import pytest

from lucky_mcp.errors import Code, PolicyRefused
from lucky_mcp.gateway.references import ReferenceSnapshot
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, NOW, gateway_over, opened
from tests.support.reference import CRM, ORDERS

COUNT = SqlRead(source=ORDERS, sql="SELECT COUNT(*) FROM t_sales_order_m")


async def refused(gateway: object, request: SqlRead) -> PolicyRefused:
    with pytest.raises(PolicyRefused) as raised:
        await gateway.read(ANALYST, request)  # type: ignore[attr-defined]
    assert raised.value.code is Code.REFERENCE_UNAVAILABLE
    return raised.value


async def test_a_set_never_read_refuses_the_tables_that_need_it(demo_policies: PolicySet) -> None:
    gateway = gateway_over(demo_policies)
    await refused(gateway, COUNT)
    await refused(gateway, SqlRead(source=ORDERS, sql="SELECT COUNT(*) FROM t_order_item"))
    users = await gateway.read(ANALYST, SqlRead(source=CRM, sql="SELECT COUNT(*) FROM t_user"))
    assert len(users.rows) == 1
    await gateway.close()


async def test_a_set_too_old_counts_as_absent(demo_policies: PolicySet) -> None:
    gateway = await opened(demo_policies)
    await gateway.read(ANALYST, COUNT)
    age = timedelta(seconds=demo_policies.references["us_shops"].max_age_s + 1)
    gateway.references.put(
        ReferenceSnapshot(of=demo_policies.references["us_shops"], values=(10001,), read_at=NOW - age)
    )
    await refused(gateway, COUNT)
    await gateway.close()


async def test_an_empty_set_counts_as_absent(demo_policies: PolicySet) -> None:
    gateway = await opened(demo_policies)
    gateway.references.put(ReferenceSnapshot(of=demo_policies.references["us_shops"], values=(), read_at=NOW))
    await refused(gateway, COUNT)
    await gateway.close()


async def test_a_set_that_would_be_cut_is_not_taken(demo_policies: PolicySet) -> None:
    few = dataclasses.replace(demo_policies.references["us_shops"], values_max=3)
    gateway = gateway_over(dataclasses.replace(demo_policies, references={"us_shops": few}))
    await refresh_references(gateway, lambda: NOW)
    await refused(gateway, COUNT)
    await gateway.close()


async def test_the_receipt_names_the_set_by_digest(demo_policies: PolicySet) -> None:
    gateway = await opened(demo_policies)
    before = (await gateway.read(ANALYST, COUNT)).receipt.digests
    gateway.references.put(
        ReferenceSnapshot(of=demo_policies.references["us_shops"], values=(10001,), read_at=NOW)
    )
    after = (await gateway.read(ANALYST, COUNT)).receipt.digests
    assert before.references != after.references and before.policy == after.policy
    await gateway.close()
