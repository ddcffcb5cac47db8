"""/sse beside /mcp: the same answers, signs of life, the end of what nobody waits for, and the caps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StreamableHttpTransport

from lucky_mcp.identity.demo import DemoTokens
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.server.auth import DemoVerifier
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.transports import HttpApp
from tests.server.fakes import TOOLSETS, FakeGateway, rows
from tests.server.sse_session import raw_session
from tests.server.wire import ACCEPT, LATEST, OLDER, call_message, direct, served

QUESTION: dict[str, Any] = {"source": "s", "sql": "x"}
# Transport, and the era that the client speaks.
CONNECTIONS = [("sse", "legacy"), ("mcp", "legacy"), ("mcp", LATEST)]


def demo_auth() -> DemoVerifier:
    return DemoVerifier(DemoTokens(is_role=TOOLSETS.__contains__).verify)


@dataclass
class SlowGateway(FakeGateway):
    """Answers a read when it is told to; says how many began and when one was cancelled."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, principal: Principal, request: SqlRead) -> ReadResult:
        self.asked.append((principal, request))
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return rows(("n",), (1,))


def client_of(endpoint: str, transport: str, era: str, **options: Any) -> Client[Any]:
    def factory(**given: Any) -> Any:
        return direct(**{name: each for name, each in given.items() if name not in {"timeout", "trust_env"}})

    if transport == "sse":
        wire: Any = SSETransport(endpoint.replace("/mcp", "/sse"), httpx_client_factory=factory)
    else:
        wire = StreamableHttpTransport(endpoint, httpx_client_factory=factory)
    return Client(wire, mode=era, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("transport", "era"), CONNECTIONS)
async def test_a_long_call_reports_progress_until_it_is_answered(transport: str, era: str) -> None:
    gateway, seen = SlowGateway(), []

    async def reported(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))
        gateway.may_end.set()

    async with (
        served(
            demo_auth(), gateway, calls={"progress_s": 0.01, "clock": iter(range(10_000)).__next__}
        ) as url,
        client_of(url, transport, era) as client,
    ):
        result = await asyncio.wait_for(
            client.call_tool("run_query", QUESTION, progress_handler=reported), 30
        )
    assert result.content[0].text.startswith("OK 1 row · ")
    assert seen[0][1:] == (None, f"running for {round(seen[0][0])} s")
    assert [progress for progress, *_ in seen] == sorted({progress for progress, *_ in seen})


@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_a_call_that_nobody_waits_for_any_longer_is_cancelled(how: str) -> None:
    gateway, made = SlowGateway(), []

    def prepare(app: HttpApp) -> HttpApp:
        made.append(app)
        return app

    async with served(demo_auth(), gateway, prepare=prepare) as endpoint:
        async with raw_session(endpoint, QUESTION) as (_, post):
            await asyncio.wait_for(gateway.began.wait(), 10)
            if how == "cancelled":
                notice = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
                async with direct() as client:
                    assert (await client.post(post, json=notice)).status_code == 202
                await asyncio.wait_for(gateway.cancelled.wait(), 10)
                assert len(made[0].streams) == 1
        await asyncio.wait_for(gateway.cancelled.wait(), 10)


async def test_a_call_speaks_for_whoever_posts_it() -> None:
    gateway = FakeGateway()
    async with served(demo_auth(), gateway) as endpoint, raw_session(endpoint, QUESTION) as (lines, _):
        async for line in lines:
            if line.startswith("data: ") and json.loads(line[6:])["id"] == 1:
                break
    assert [principal.subject for principal, _ in gateway.asked] == ["demo:analyst"]


@pytest.mark.parametrize(("transport", "era"), CONNECTIONS)
async def test_more_calls_than_may_be_open_are_told_to_come_again(transport: str, era: str) -> None:
    gateway = SlowGateway()
    async with (
        served(demo_auth(), gateway, calls={"calls_max": 1}) as url,
        client_of(url, transport, era) as client,
    ):
        first = asyncio.create_task(client.call_tool("run_query", QUESTION))
        await asyncio.wait_for(gateway.began.wait(), 10)
        second = await client.call_tool("run_query", QUESTION, raise_on_error=False)
        assert second.is_error
        assert second.content[0].text == (
            "ERROR RATE_LIMITED: this server answers 1 calls already, as many as it may at once\n"
            "Next step: make the same call again in 2 seconds"
        )
        gateway.may_end.set()
        assert not (await first).is_error
        assert not (await client.call_tool("run_query", QUESTION)).is_error
    assert len(gateway.asked) == 2


@pytest.mark.parametrize("version", [OLDER, LATEST])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_that_is_too_large_is_told_so_and_not_read(version: str, is_chunked: bool) -> None:
    gateway = FakeGateway()
    headers, message = call_message("run_query", {**QUESTION, "sql": "x" * 40_000}, version)
    body = json.dumps(message).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    limits = HttpLimits(body_bytes_max=20_000)
    async with served(demo_auth(), gateway, limits=limits) as endpoint, direct() as client:
        content = chunks() if is_chunked else body
        headers |= {"Content-Type": "application/json"}
        answer = await client.post(endpoint, content=content, headers=headers)
        small, question = call_message("run_query", QUESTION, version)
        chunked = {"content": _one(question)} if is_chunked else {"json": question}
        small |= {"Content-Type": "application/json"}
        assert (await client.post(endpoint, headers=small, **chunked)).status_code == 200
    assert answer.status_code == 413
    assert answer.json()["error"]["message"].startswith("the request is larger than this server takes")
    assert len(gateway.asked) == 1


async def _one(message: object) -> AsyncIterator[bytes]:
    yield json.dumps(message).encode()


async def test_sse_can_be_left_to_another_process() -> None:
    async with served(demo_auth(), limits=HttpLimits(sse=False)) as endpoint, direct() as client:
        assert (await client.get(endpoint.replace("/mcp", "/sse"))).status_code == 404
        headers, message = call_message("list_sources", {}, OLDER)
        assert (await client.post(endpoint, json=message, headers=headers)).status_code == 200


async def test_a_page_of_another_origin_cannot_open_a_stream_or_post_to_one() -> None:
    evil = {"Origin": "https://evil.example", **ACCEPT}
    async with served(demo_auth()) as endpoint, direct() as client:
        sse, messages = (endpoint.replace("/mcp", path) for path in ("/sse", "/messages/?session_id=0"))
        assert (await client.get(sse, headers=evil)).status_code == 403
        assert (await client.post(messages, json={}, headers=evil)).status_code == 403
        assert (await client.get(sse, headers={"Host": "evil.example"})).status_code == 421
