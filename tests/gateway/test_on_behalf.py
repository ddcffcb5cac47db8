"""An app asks for a person of the real gateway: both are recorded, counted and stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.audit.read_log import as_one, asked
from lucky_mcp.audit.record import Begun, Ended, Explained
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import LimitExceeded, ReadError, ReadStopped
from lucky_mcp.gateway.admission import Admission
from lucky_mcp.gateway.plans import may_see_plans
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.replay.recordings import RecordedLine
from lucky_mcp.limits.memory import MemoryMeter
from lucky_mcp.limits.stops import StopFile, StopKind
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.quota import Quota
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.quotas import Quotas
from tests.support.audit_log import audit_sink
from tests.support.house import gateway_over
from tests.support.reference import ORDERS

APP = Principal(subject="app:ask", roles=("analyst",))
ANN = Principal(subject="ann", roles=("data_engineer",), app=APP)
BOB = replace(ANN, subject="bob")
ONE = SqlRead(source=ORDERS, sql="SELECT 1")


@pytest.fixture
def stops(tmp_path: Path) -> StopFile:
    return StopFile(tmp_path / "stops.json", now=lambda: datetime.now(UTC))


@pytest.fixture
async def house(demo_policies: PolicySet, stops: StopFile) -> AsyncIterator[tuple[Gateway, MemorySink]]:
    quotas = Quotas(
        default=Quota(calls_per_minute=3),
        by_principal={"app:ask": Quota(calls_per_minute=4, reads_at_once=1)},
    )
    audit = MemorySink()
    policies = replace(demo_policies, quotas=quotas)
    gateway = gateway_over(policies, audit=audit, stops=stops, admission=Admission(MemoryMeter()))
    yield gateway, audit
    await gateway.close()


async def test_every_record_names_both(house: tuple[Gateway, MemorySink]) -> None:
    gateway, audit = house
    await gateway.read(ANN, ONE)
    await gateway.explain(ANN, ONE)
    with pytest.raises(ReadError):
        await gateway.read(ANN, SqlRead(source=ORDERS, sql="DELETE FROM t"))
    records = [each for each in audit.records if isinstance(each, Begun | Ended | Explained)]
    assert [type(each) for each in records] == [Begun, Ended, Explained, Ended]
    for each in records:
        assert (each.principal, each.roles) == ("ann", ("data_engineer",))
        assert (each.app, each.app_roles) == ("app:ask", ("analyst",))
    await gateway.read(replace(ANN, subject="tim", app=None), ONE)
    last = audit.records[-1]
    assert isinstance(last, Ended) and (last.principal, last.app, last.app_roles) == ("tim", "", ())


async def test_both_are_counted(house: tuple[Gateway, MemorySink]) -> None:
    gateway, _ = house
    for _ in range(3):
        await gateway.read(ANN, ONE)
    with pytest.raises(LimitExceeded, match="^you have made 3 calls"):
        await gateway.read(ANN, ONE)
    await gateway.read(BOB, ONE)
    with pytest.raises(LimitExceeded, match="^all who ask through this app have made 4 calls") as refused:
        await gateway.read(BOB, ONE)
    assert "try again in" in refused.value.agent_text
    await gateway.read(replace(BOB, app=None), ONE)  # of bob's own three, one was for the refused call


async def test_a_refusal_keeps_no_place(house: tuple[Gateway, MemorySink]) -> None:
    """The app has one place: it is given back by each read, and by what was refused beside it."""
    gateway, _ = house
    for caller in (ANN, BOB, ANN, BOB):
        await gateway.read(caller, ONE)


async def test_an_app_that_is_stopped_asks_for_nobody(demo_policies: PolicySet, stops: StopFile) -> None:
    gateway = gateway_over(demo_policies, stops=stops)
    stops.stop(StopKind.PRINCIPAL, "app:ask", "its credential leaked")
    for ask in (gateway.read, gateway.explain):
        with pytest.raises(ReadStopped, match="its credential leaked"):
            await ask(ANN, ONE)
    await gateway.read(replace(ANN, app=None), ONE)
    stops.resume(StopKind.PRINCIPAL, "app:ask")
    stops.stop(StopKind.PRINCIPAL, "ann", "away")
    with pytest.raises(ReadStopped, match="away"):
        await gateway.read(ANN, ONE)
    await gateway.read(BOB, ONE)
    await gateway.close()


def test_plans_are_for_those_who_both_may_see_them(demo_policies: PolicySet) -> None:
    engineer = replace(ANN, app=None)
    assert may_see_plans(demo_policies, engineer)
    assert not may_see_plans(demo_policies, ANN)
    assert may_see_plans(demo_policies, replace(ANN, app=replace(APP, roles=("dba",))))


async def test_what_an_app_asked_is_asked_again_for_both(demo_policies: PolicySet, tmp_path: Path) -> None:
    """A log of reads for people, replayed as the person alone, would be judged by rights that nobody had."""
    mixed = "SELECT first_name FROM luckyus_sales_crm.t_user_profile"  # the analyst of the app has no names
    names = SqlRead(source="salescrm", sql=mixed)
    sink = audit_sink(tmp_path)
    gateway = gateway_over(demo_policies, audit=sink)
    for caller in (ANN, replace(ANN, app=None)):
        try:
            await gateway.explain(caller, names)
        except ReadError as refusal:
            assert caller is ANN and refusal.code == "UNKNOWN_NAME"
    await gateway.close()
    sink.close()
    both, alone = sorted(
        asked([tmp_path], datetime(2020, 1, 1, tzinfo=UTC)), key=lambda each: not each.app_roles
    )
    assert (both.app_roles, both.outcome) == (("analyst",), "UNKNOWN_NAME")
    assert (alone.app_roles, alone.outcome) == ((), "ok")
    assert len(as_one((both, alone), ())) == 2
    again = both.caller("x", {})
    assert again.app is not None and (again.roles, again.app.roles) == (("data_engineer",), ("analyst",))
    line = RecordedLine(
        principal="x", roles=both.roles, app_roles=both.app_roles, source="s", sql="x", verdict="permit"
    )
    assert line.caller.app is not None and line.caller.app.roles == ("analyst",)
