"""An operator stops a source or a caller: what runs ends in the server, what comes is refused, others go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lucky_mcp.audit.record import Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import ReadStopped
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.limits.stops import StopFile, StopKind
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Limits
from lucky_mcp.policy.policy_set import PolicySet
from tests.live.conftest import Reader
from tests.live.fleet import ENVIRONMENT
from tests.support.house import ANALYST, ENGINEER, opened
from tests.support.patience import until
from tests.support.reference import ORDERS as ORDERS_SOURCE

ORDERS = "luckyus_sales_order.t_sales_order_m"
SLOW = SqlRead(
    source="salesorder",
    sql=f"SELECT COUNT(*) FROM {ORDERS} a, {ORDERS} b, {ORDERS} c, {ORDERS} d"
    " WHERE a.pay_amount + b.pay_amount + c.pay_amount + d.pay_amount < 0",
)
QUICK = SqlRead(source="salesorder", sql="SELECT COUNT(*) FROM t_order_item")
SHOPS = SqlRead(source="opshop", sql="SELECT COUNT(*) FROM t_shop_info")


@pytest.fixture
def stops(tmp_path: Path) -> StopFile:
    """The file as the command line writes it; the gateway has an object of its own over the same path."""
    return StopFile(tmp_path / "stops.json", now=lambda: datetime.now(UTC))


@pytest.fixture
def audit() -> MemorySink:
    return MemorySink()


@pytest.fixture
async def gateway(reader: Reader, tmp_path: Path, audit: MemorySink) -> AsyncIterator[Gateway]:
    seen = StopFile(tmp_path / "stops.json", now=lambda: datetime.now(UTC))
    made = await opened(without_bounds(reader.policies), environment=ENVIRONMENT, audit=audit, stops=seen)
    yield made
    await made.close()


def without_bounds(policies: PolicySet) -> PolicySet:
    """The orders' source with no bound on what a read may cost, so that there are slow ones."""
    source = replace(policies.sources[ORDERS_SOURCE], limits=Limits(rows_examined_max=None))
    return replace(policies, sources={**policies.sources, ORDERS_SOURCE: source})


async def begun(reader: Reader, gateway: Gateway, *principals: Principal) -> list[asyncio.Task[object]]:
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(gateway.read(each, SLOW)) for each in principals]
    await until(lambda: sum("pay_amount" in each for each in reader.running()) == len(tasks))
    return tasks


async def test_a_stopped_source(reader: Reader, gateway: Gateway, stops: StopFile, audit: MemorySink) -> None:
    tasks = await begun(reader, gateway, ANALYST, ENGINEER)
    stops.stop(StopKind.SOURCE, reader.source.name, "the disk is full")
    refusals = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 3)
    await until(lambda: reader.running() == [])
    for refusal in refusals:
        assert isinstance(refusal, ReadStopped)
        assert refusal.agent_text.startswith(
            "ERROR STOPPED: an operator has stopped all reads of aws-luckyus-s"
        )
        assert "the disk is full" in refusal.agent_text
    ended = [each for each in audit.records if isinstance(each, Ended)][-2:]
    assert {(each.outcome, each.phase) for each in ended} == {("STOPPED", "execute")}
    with pytest.raises(ReadStopped):
        await gateway.read(ANALYST, QUICK)
    assert len((await gateway.read(ANALYST, SHOPS)).rows) == 1
    stops.resume(StopKind.SOURCE, reader.source.name)
    assert len((await gateway.read(ANALYST, QUICK)).rows) == 1


async def test_a_stopped_caller(reader: Reader, gateway: Gateway, stops: StopFile) -> None:
    stopped, other = await begun(reader, gateway, ANALYST, ENGINEER)
    stops.stop(StopKind.PRINCIPAL, ANALYST.subject, "a loop")
    with pytest.raises(ReadStopped, match="stopped your reads: a loop"):
        await asyncio.wait_for(stopped, 3)
    await until(lambda: len(reader.running()) == 1)
    assert not other.done()
    for request in (QUICK, SHOPS):
        with pytest.raises(ReadStopped):
            await gateway.read(ANALYST, request)
    assert len((await gateway.read(ENGINEER, QUICK)).rows) == 1
    other.cancel()
    await asyncio.wait({other})
    assert other.cancelled()
