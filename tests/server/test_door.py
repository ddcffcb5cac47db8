"""What costs memory or connections is turned away before it does, and a stop waits for nobody without end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from fastmcp import FastMCP
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.types import Message, Receive, Scope
from structlog.testing import capture_logs

from lucky_mcp.identity.demo import DemoTokens
from lucky_mcp.server import sse_streams
from lucky_mcp.server.auth import DemoVerifier
from lucky_mcp.server.delegation_routes import add_delegation_routes
from lucky_mcp.server.drain import Drain
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.sse_errors import SseErrors
from lucky_mcp.server.sse_streams import AWAITED_MAX, SseStream, SseStreams
from lucky_mcp.server.transports import HttpApp, http_app
from tests.server.fakes import TOOLSETS
from tests.server.wire import as_it_is, served

LIMITS = HttpLimits(body_bytes_max=20_000)


def demo_auth() -> DemoVerifier:
    return DemoVerifier(DemoTokens(is_role=TOOLSETS.__contains__).verify)


def scope_of(path: str, *headers: tuple[bytes, bytes], query: bytes = b"") -> Scope:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query,
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), *headers],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "state": {},
    }


class Sender:
    """A client that sends endless parts of a body, and what it is answered."""

    def __init__(self, message: Message | None = None) -> None:
        self.asked, self.status, self._message = 0, 0, message

    async def receive(self) -> Message:
        self.asked += 1
        return self._message or {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)


# Bodies without a length.

SENDERS = {
    "nobody": (b"Bearer wrong", b"127.0.0.1", 401, 0),
    "a page of another host": (b"Bearer demo-analyst", b"evil.example", 421, 0),
    "a caller": (b"Bearer demo-analyst", b"127.0.0.1", 413, 21),
}


@pytest.mark.parametrize("path", ["/mcp", "/messages/"])
@pytest.mark.parametrize("who", list(SENDERS))
async def test_a_body_without_a_length_is_read_when_its_sender_is_known(who: str, path: str) -> None:
    credential, host, status, parts = SENDERS[who]
    made: list[HttpApp] = []

    def prepare(app: HttpApp) -> HttpApp:
        made.append(app)
        return as_it_is(app)

    async with served(demo_auth(), limits=LIMITS, prepare=prepare):
        client = Sender()
        headers = [(b"authorization", credential), (b"transfer-encoding", b"chunked")]
        scope = scope_of(path, *headers, query=b"session_id=" + b"0" * 32)
        scope["headers"][0] = (b"host", host)
        await asyncio.wait_for(made[0].app(scope, client.receive, client.send), 10)
    assert (client.status, client.asked) == (status, parts)


async def test_where_nobody_authenticates_a_body_is_bounded_all_the_same() -> None:
    client = Sender()
    app = http_app(FastMCP("x"), limits=LIMITS).app
    await asyncio.wait_for(app(scope_of("/mcp"), client.receive, client.send), 10)
    assert (client.status, client.asked) == (413, 21)


async def test_a_service_that_goes_away_is_no_defect() -> None:
    server = FastMCP("x")
    add_delegation_routes(server, None)  # type: ignore[arg-type]
    scope = scope_of("/delegations")
    token = AccessToken(token="t", client_id="c", scopes=[], subject="app:bridge")
    client = Sender({"type": "http.disconnect"})
    scope["user"] = AuthenticatedUser(token)
    with capture_logs() as logs:
        await http_app(server).app(scope, client.receive, client.send)
    assert (logs, client.asked) == ([], 1)


# Streams that nobody reads.


class Unread:
    """A client that takes nothing: each write to it waits until it is given up."""

    def __init__(self) -> None:
        self.writes = 0

    async def send(self, message: Message) -> None:
        self.writes += 1
        await anyio.sleep_forever()


def opened(streams: SseStreams, clients: Sequence[Unread]) -> list[SseStream]:
    made = []
    for number, client in enumerate(clients):
        stream = SseStream(client.send, b"c", streams)
        streams.opened(str(number), stream)
        for request in range(50):
            assert stream.expect(request)
        made.append(stream)
    return made


async def test_a_stop_waits_once_for_all_streams_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse_streams, "_WRITE_SECONDS", 0.05)
    streams, clients = SseStreams(), [Unread() for _ in range(20)]
    made = opened(streams, clients)
    await asyncio.wait_for(streams.end(0), 30)
    assert [client.writes for client in clients] == [1] * 20
    assert all(stream.broken.is_set() and stream.awaited == 0 for stream in made)
    await made[0].fail(7, 503)  # what comes after it waits for nothing
    assert clients[0].writes == 1


async def test_streams_are_told_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is never given up keeps no other from being told."""
    monkeypatch.setattr(sse_streams, "_WRITE_SECONDS", 3600)
    streams, unread, told = SseStreams(), Unread(), anyio.Event()
    opened(streams, [unread])

    async def send(message: Message) -> None:
        assert message["body"].count(b"event: message") == 2
        told.set()

    reads = SseStream(send, b"c", streams)
    streams.opened("reads", reads)
    assert reads.expect(1) and reads.expect("two")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(streams.end, 0)
        with anyio.fail_after(10):
            await told.wait()
        tasks.cancel_scope.cancel()
    assert reads.awaited == 0


async def test_one_request_too_many_is_answered_on_its_stream_and_begins_nothing() -> None:
    begun, written = [], []

    async def app(scope: Scope, receive: Receive, send: Any) -> None:
        begun.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 202, "headers": []})

    async def send(message: Message) -> None:
        written.append(message["body"])

    streams = SseStreams()
    errors = SseErrors(app, streams=streams, drain=Drain(), limits=LIMITS)
    scope = scope_of("/messages/", query=b"session_id=" + b"0" * 32)
    stream = SseStream(send, sse_streams.credential_of(scope), streams)
    streams.opened("0" * 32, stream)

    async def post(body: bytes) -> int:
        client = Sender({"type": "http.request", "body": body, "more_body": False})
        await errors(scope, client.receive, client.send)
        return client.status

    for number in range(AWAITED_MAX + 3):
        assert await post(b'{"jsonrpc":"2.0","method":"m","id":%d}' % number) == 202
    assert (len(begun), stream.awaited, len(written)) == (AWAITED_MAX, AWAITED_MAX, 3)
    assert b'"httpStatus":429' in written[0] and b'"id":%d' % AWAITED_MAX in written[0]
    assert await post(b'{"jsonrpc":"2.0","method":"notifications/x"}') == 202
    assert len(begun) == AWAITED_MAX + 1
    stream.forget(0)
    await post(b'{"jsonrpc":"2.0","method":"m","id":"next"}')
    assert len(begun) == AWAITED_MAX + 2
