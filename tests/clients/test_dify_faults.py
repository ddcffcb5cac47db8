"""Whatever goes wrong on the way, a client like Dify's is told so: it never waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import pytest
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lucky_mcp.model.principal import Principal
from lucky_mcp.server.auth import BearerVerifier
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.sse_errors import SseErrors
from lucky_mcp.server.transports import HttpApp
from tests.clients.dify import DifyLike, Hang, LostConnection, Message, WrongPassword
from tests.server.wire import as_it_is, direct, served
from tests.support.patience import until

T = TypeVar("T")
TRANSPORTS = ["sse", "mcp"]
TOKENS = {
    "lk_ann": Principal(subject="ann", roles=("analyst",)),
    "lk_bob": Principal(subject="bob", roles=("analyst",)),
}
ANN = {"Authorization": "Bearer lk_ann"}
BODY_MAX = 64 << 10
# The last stands for an exception that nobody foresaw.
STATUSES = [400, 401, 403, 404, 413, 421, 429, 500, 502, 503, 599]
CALL: Message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "list_sources"}}
QUESTION = {"source": "s", "sql": "SELECT 1"}


@dataclass
class Fault:
    """What becomes of posts once it is set: a status, or an exception."""

    status: int = 0

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            if self.status == 0 or scope["type"] != "http" or scope["method"] != "POST":
                await app(scope, receive, send)
            elif self.status == 599:
                raise RuntimeError("secret detail")
            else:
                await Response("secret detail", status_code=self.status)(scope, receive, send)

        return faulty


@dataclass
class House:
    """A running server, its tokens, and the fault in it."""

    url: str
    tokens: dict[str, Principal]
    fault: Fault
    app: HttpApp

    def client(self, transport: str, **options: object) -> DifyLike:
        given = {"headers": ANN, "endpoint_seconds": 20.0, **options}
        return DifyLike(self.url.replace("/mcp", f"/{transport}"), **given)  # type: ignore[arg-type]


@asynccontextmanager
async def house(*, prepare: Callable[[HttpApp], HttpApp] = as_it_is, **limits: int) -> AsyncIterator[House]:
    tokens, fault = dict(TOKENS), Fault()
    made: list[HttpApp] = []

    def prepared(app: HttpApp) -> HttpApp:
        app.app.user_middleware.append(Middleware(fault))
        made.append(prepare(app))
        return made[-1]

    bounds = HttpLimits(body_bytes_max=BODY_MAX, **limits)  # type: ignore[arg-type]
    async with served(BearerVerifier(tokens.get), limits=bounds, prepare=prepared) as url:
        yield House(url, tokens, fault, made[0])


@asynccontextmanager
async def connected(client: DifyLike) -> AsyncIterator[DifyLike]:
    """The client, connected in a thread of its own: it waits without giving way."""
    await asyncio.to_thread(client.__enter__)
    try:
        yield client
    finally:
        await asyncio.to_thread(client.__exit__)


async def in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_without_a_fault_it_is_answered(transport: str) -> None:
    async with house() as here, connected(here.client(transport)) as client:
        text = await in_thread(lambda: client.call("run_query", **QUESTION, max_rows=None, format=""))
        assert text.startswith("OK 1 row · ")
        tools = await in_thread(client.tools)
        assert tools[0]["name"] == "search_catalog"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_refused_call_ends_with_an_error(transport: str) -> None:
    async with house() as here, connected(here.client(transport)) as client:
        await in_thread(client.tools)  # what was sent before it, on connecting, is through
        for status in STATUSES:
            here.fault.status = status
            expected = WrongPassword if (transport, status) == ("mcp", 401) else LostConnection
            with pytest.raises(expected) as raised:
                await in_thread(lambda: client.call("run_query", **QUESTION))
            assert "secret detail" not in str(raised.value)
        here.fault.status = 0
        answer = await in_thread(lambda: client.call("run_query", **QUESTION))
        assert answer.startswith("OK 1 row · "), "a refused call is not the end of the connection"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_token_that_ends_while_connected(transport: str) -> None:
    async with house() as here:
        async with connected(here.client(transport)) as client:
            here.tokens.clear()
            with pytest.raises((WrongPassword, LostConnection)):
                await in_thread(lambda: client.call("run_query", **QUESTION))
        with pytest.raises(WrongPassword):
            await in_thread(here.client(transport).__enter__)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("times", [2, 40])
async def test_a_body_that_is_too_large(transport: str, times: int) -> None:
    """Beyond sixteen times what is taken it is not even read."""
    async with house() as here, connected(here.client(transport)) as client:
        call = lambda: client.call("run_query", source="s", sql="x" * times * BODY_MAX)  # noqa: E731
        with pytest.raises(LostConnection):
            await in_thread(call)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_process_that_stops_refuses_new_calls(transport: str) -> None:
    async with house() as here:
        async with connected(here.client(transport)) as client:
            await here.app.drain.finish(0)
            with pytest.raises(LostConnection, match="503|stopping"):
                await in_thread(lambda: client.call("run_query", **QUESTION))
        with pytest.raises(LostConnection):
            await in_thread(here.client(transport).__enter__)


async def test_streams_of_one_caller_and_of_all_are_capped() -> None:
    async with house(sse_streams_per_caller_max=1, sse_streams_max=2) as here:
        bob = here.client("sse", headers={"Authorization": "Bearer lk_bob"})
        eve = here.client("sse", headers={"Authorization": "Bearer lk_eve"})
        here.tokens["lk_eve"] = Principal(subject="eve", roles=("analyst",))
        async with connected(here.client("sse")):
            await turned_away(here.client("sse"))
            async with connected(bob):
                await turned_away(eve)
            await until(lambda: len(here.app.streams) == 1)
            async with connected(eve) as client:
                assert (await in_thread(lambda: client.call("list_sources"))).startswith("OK 2 sources")


async def turned_away(client: DifyLike) -> None:
    with pytest.raises(LostConnection, match="429"):
        await in_thread(client.__enter__)


async def test_who_knows_a_sessions_name_can_write_nothing_on_its_stream() -> None:
    """Neither a call of its own, nor an error to a call of somebody else."""
    async with house() as here, connected(here.client("sse")) as client:
        for credential in ("Bearer lk_bob", "Bearer lk_unknown", ""):
            headers = {"Authorization": credential} if credential else {}
            async with direct() as stranger:
                for content in (CALL, {**CALL, "pad": "x" * 2 * BODY_MAX}, {**CALL, "method": 7}):
                    answer = await stranger.post(client._endpoint, json=content, headers=headers)
                    assert answer.status_code >= 400
        client.seconds = 0.5
        with pytest.raises(Hang):
            await in_thread(lambda: client.wait(CALL["id"]))
        client.seconds = 30
        assert (await in_thread(lambda: client.call("list_sources"))).startswith("OK 2 sources")


async def test_the_client_of_these_tests_hangs_where_nobody_tells_it() -> None:
    """Without the layer that writes errors on the stream the same refusal leaves it waiting."""
    async with house(prepare=without_sse_errors) as here, connected(here.client("sse")) as client:
        here.fault.status, client.seconds = 503, 0.5
        with pytest.raises(Hang):
            await in_thread(lambda: client.call("run_query", **QUESTION))


def without_sse_errors(app: HttpApp) -> HttpApp:
    app.app.user_middleware = [each for each in app.app.user_middleware if each.cls is not SseErrors]
    return app
