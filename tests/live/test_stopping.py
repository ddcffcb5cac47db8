"""Timeout, cancel and disconnect end the query in the server itself, and its connection with it."""

from __future__ import annotations

import asyncio
import time

import pytest

from lucky_mcp.adapters import server as server_adapter
from lucky_mcp.errors import EngineErrorKind
from lucky_mcp.model.source import Kind
from tests.live.conftest import Reader
from tests.live.sealed import Ask, Asked
from tests.support.patience import until

ORDERS = "luckyus_sales_order.t_sales_order_m"
# Each takes minutes; the second burns the processor instead of sleeping.
SLOW = {
    Kind.MYSQL: "SELECT SLEEP(60)",
    Kind.POSTGRES: "SELECT pg_sleep(60)",
    Kind.REDSHIFT: "SELECT pg_sleep(60)",
}
BURNING = (
    f"SELECT COUNT(*) FROM {ORDERS} a, {ORDERS} b, {ORDERS} c, {ORDERS} d"
    " WHERE a.pay_amount + b.pay_amount + c.pay_amount + d.pay_amount < 0"
)


async def begun(reader: Reader, source: Asked, text: str, number: int = 1) -> list[asyncio.Task[object]]:
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(source.rows(text)) for _ in range(number)]
    await until(lambda: reader.running() == number * [text])
    return tasks


async def test_the_servers_own_limit_ends_a_query(
    reader: Reader, asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_adapter, "GRACE_SECONDS", 10.0)
    source = asked(reader.source)
    await source.cell("SELECT 1")
    for text in (SLOW[reader.kind], BURNING):
        failure = await source.error(text, timeout_ms=300)
        assert failure.kind is EngineErrorKind.TIMEOUT
        assert failure.detail != "the gateway's own limit"
    await until(lambda: reader.running() == [])
    assert await source.cell("SELECT 1") == 1
    await until(lambda: reader.connections() == 1)  # it is the same one still


async def test_the_gateway_ends_what_the_server_does_not(
    reader: Reader, asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of the session is out of the way here, as on a server that does not heed it."""
    monkeypatch.setattr(server_adapter._Read, "_left_ms", lambda self: 60_000)
    source = asked(reader.source)
    start = time.monotonic()
    for text in (SLOW[reader.kind], BURNING):
        assert await source.failure(text, timeout_ms=1000) is EngineErrorKind.TIMEOUT
        await until(lambda: reader.running() == [])
    assert time.monotonic() - start < 10
    await until(lambda: reader.connections() == 0)
    assert await source.cell("SELECT 1") == 1


async def test_a_cancelled_call_is_ended_in_the_server(reader: Reader, asked: Ask) -> None:
    source = asked(reader.source)
    for text in (SLOW[reader.kind], BURNING):
        (task,) = await begun(reader, source, text)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=4)
        assert done
        assert task.cancelled()
        await until(lambda: reader.running() == [] and reader.connections() == 0)
    assert await source.cell("SELECT 1") == 1


async def test_cancelled_at_any_moment_nothing_is_left(reader: Reader, asked: Ask) -> None:
    """Sixty calls, cancelled while they wait, connect, are set up, run or read rows."""
    source = asked(reader.source)
    for number in range(60):
        text = (SLOW[reader.kind], "SELECT 1", BURNING)[number % 3]
        task = asyncio.create_task(source.rows(text))
        await asyncio.sleep((number % 20) / 1000)
        task.cancel()
        await asyncio.wait({task})
    await until(lambda: reader.running() == [])
    assert await source.cell("SELECT 1") == 1
    await until(lambda: reader.connections() <= 1)


async def test_closing_ends_what_runs(reader: Reader, asked: Ask) -> None:
    source = asked(reader.source)
    tasks = await begun(reader, source, SLOW[reader.kind], 2)
    await source.close()
    await until(lambda: reader.running() == [])
    assert {type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)} != {None}
    await until(lambda: reader.connections() == 0)
