"""The kill switch around a read: what is refused, in which words, and what the audit keeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.audit.record import Ended, Explained
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import Phase, ReadError, ReadStopped, SourceUnavailable
from lucky_mcp.gateway.switches import Switches
from lucky_mcp.limits.stops import StopFile, StopKind
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, DBA, gateway_over

SHOPS = SqlRead(source="opshop", sql="SELECT 1")


@pytest.fixture
def stops(tmp_path: Path) -> StopFile:
    return StopFile(tmp_path / "stops.json", now=lambda: datetime.now(UTC))


async def test_what_is_stopped_can_be_listed(demo_policies: PolicySet, stops: StopFile) -> None:
    gateway = gateway_over(demo_policies, stops=stops)
    one, other = list(demo_policies.sources)[:2]
    stops.stop(StopKind.SOURCE, one, "the disk is full")
    stops.stop(StopKind.PRINCIPAL, ANALYST.subject, "a loop")
    assert (gateway.stopped(one), gateway.stopped(other)) == ("the disk is full", "")
    stops.resume(StopKind.SOURCE, one)
    assert gateway.stopped(one) == ""
    await gateway.close()


async def test_refused_before_anything_is_parsed(demo_policies: PolicySet, stops: StopFile) -> None:
    audit = MemorySink()
    gateway = gateway_over(demo_policies, audit=audit, stops=stops)
    stops.stop(StopKind.SOURCE, "aws-luckyus-opshop-rw", "moving house.")
    for request in (SHOPS, SqlRead(source="opshop", sql="no SQL at all")):
        with pytest.raises(ReadStopped, match="opshop-rw: moving house$") as refused:
            await gateway.read(ANALYST, request)
        assert (refused.value.code, refused.value.phase) == ("STOPPED", Phase.DECIDE)
        with pytest.raises(ReadStopped):
            await gateway.explain(ANALYST, request)
    assert [(type(each), getattr(each, "outcome", "")) for each in audit.records] == 2 * [
        (Ended, "STOPPED"),
        (Explained, ""),
    ]
    await gateway.close()


async def test_who_may_not_know_of_a_source_does_not_hear_that_it_is_stopped(
    demo_policies: PolicySet, stops: StopFile
) -> None:
    stops.stop(StopKind.SOURCE, "aws-luckyus-opshop-rw", "moving house")
    gateway = gateway_over(demo_policies, stops=stops)
    with pytest.raises(SourceUnavailable, match="no such source"):
        await gateway.read(DBA, SHOPS)
    await gateway.close()


async def test_a_file_that_cannot_be_trusted_refuses_everything(
    demo_policies: PolicySet, stops: StopFile, tmp_path: Path
) -> None:
    gateway = gateway_over(demo_policies, stops=stops)
    assert len((await gateway.read(ANALYST, SHOPS)).rows) == 1
    (tmp_path / "stops.json").write_text("{", encoding="utf-8")
    with pytest.raises(ReadError, match="cannot be told") as refused:
        await gateway.read(ANALYST, SHOPS)
    assert refused.value.code == "STOPPED"
    assert str(tmp_path) not in refused.value.agent_text
    await gateway.close()


async def test_a_stop_between_the_look_and_the_start_is_not_missed(stops: StopFile) -> None:
    switches = Switches(stops)
    switches.refuse_stopped(principals=("ann",), source="orders")
    stops.stop(StopKind.SOURCE, "orders", "now")
    with pytest.raises(ReadStopped):
        async with switches.held(principals=("ann",), source="orders"):
            raise AssertionError("it ran")


async def test_the_callers_own_cancel_stays_one(stops: StopFile) -> None:
    switches = Switches(stops)

    async def held() -> None:
        async with switches.held(principals=("ann",), source="orders"):
            await asyncio.sleep(60)

    task = asyncio.create_task(held())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    task = asyncio.create_task(held())
    await asyncio.sleep(0.01)
    stops.stop(StopKind.SOURCE, "orders", "both at once")
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
