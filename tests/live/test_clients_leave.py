"""A client that goes away, or takes its call back, ends the query in the server, on either transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from lucky_mcp.audit.record import Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.source import Limits
from lucky_mcp.server.auth import BearerVerifier
from tests.live.conftest import Reader
from tests.live.fleet import ENVIRONMENT
from tests.server.sse_session import raw_session
from tests.server.wire import LATEST, OLDER, call_message, direct, served
from tests.support.house import ANALYST, opened
from tests.support.patience import until
from tests.support.reference import ORDERS as ORDERS_SOURCE

ORDERS = "luckyus_sales_order.t_sales_order_m"
SLOW = {
    "source": "salesorder",
    "sql": f"SELECT COUNT(*) FROM {ORDERS} a, {ORDERS} b, {ORDERS} c, {ORDERS} d"
    " WHERE a.pay_amount + b.pay_amount + c.pay_amount + d.pay_amount < 0",
}
BEARER = {"Authorization": "Bearer lk_any"}
Leave = Callable[[str, Callable[[], Awaitable[None]]], Awaitable[None]]


@pytest.fixture
def audit() -> MemorySink:
    return MemorySink()


@pytest.fixture
async def gateway(reader: Reader, audit: MemorySink) -> AsyncIterator[Gateway]:
    unbounded = replace(reader.policies.sources[ORDERS_SOURCE], limits=Limits(rows_examined_max=None))
    sources = {**reader.policies.sources, ORDERS_SOURCE: unbounded}
    made = await opened(replace(reader.policies, sources=sources), environment=ENVIRONMENT, audit=audit)
    yield made
    await made.close()


async def close_the_stream(endpoint: str, begun: Callable[[], Awaitable[None]]) -> None:
    async with raw_session(endpoint, SLOW, BEARER):
        await begun()


async def take_it_back(endpoint: str, begun: Callable[[], Awaitable[None]]) -> None:
    notice = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    async with raw_session(endpoint, SLOW, BEARER) as (_, post):
        await begun()
        async with direct() as client:
            assert (await client.post(post, json=notice, headers=BEARER)).status_code == 202


def close_the_answer(version: str) -> Leave:
    async def leave(endpoint: str, begun: Callable[[], Awaitable[None]]) -> None:
        headers, message = call_message("run_query", dict(SLOW), version)
        async with direct() as client:
            call: asyncio.Task[Any] = asyncio.create_task(
                client.post(endpoint, json=message, headers={**headers, **BEARER})
            )
            await begun()
            call.cancel()
            await asyncio.wait({call})

    return leave


WAYS: dict[str, Leave] = {
    "sse, stream closed": close_the_stream,
    "sse, cancelled": take_it_back,
    "mcp with sessions": close_the_answer(OLDER),
    "mcp without": close_the_answer(LATEST),
}


async def test_what_nobody_waits_for_is_ended_in_the_server(
    reader: Reader, gateway: Gateway, audit: MemorySink
) -> None:
    async def begun() -> None:
        await until(lambda: any("pay_amount" in text for text in reader.running()))

    async with served(BearerVerifier(lambda _: ANALYST), gateway) as endpoint:  # type: ignore[arg-type]
        for leave in WAYS.values():
            await leave(endpoint, begun)
            await until(lambda: not any("pay_amount" in text for text in reader.running()))
    ended = [each.outcome for each in audit.records if isinstance(each, Ended)]
    assert ended[-len(WAYS) :] == ["CANCELLED"] * len(WAYS)
