"""What a connection says cannot be taken for anything else, nor cost more than it is worth."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from lucky_mcp.server.connections import bounded_connections
from lucky_mcp.server.transports import listen
from tests.server.test_connections import REQUEST, bounded, connection, ended

HEAD_BYTES_MAX = 64 << 10


class Requests:
    """An application that keeps what it is asked, and answers once it `may_answer`."""

    def __init__(self) -> None:
        self.heads: list[Scope] = []
        self.bodies: list[bytes] = []
        self.gone = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.heads.append(scope)
        self.bodies.append(await self._body(receive))
        answer = asyncio.ensure_future(self.may_answer.wait())
        leaves = asyncio.ensure_future(receive())
        await asyncio.wait({answer, leaves}, return_when=asyncio.FIRST_COMPLETED)
        if leaves.done():
            self.gone.set()
            answer.cancel()
            return
        leaves.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def _body(self, receive: Receive) -> bytes:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        return body


@asynccontextmanager
async def listening(app: ASGIApp, request_s: float = 60) -> AsyncIterator[int]:
    bound = listen("127.0.0.1", 0)
    protocol = bounded_connections(10, request_s=request_s)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, ws="none"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[bound])
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        await server.shutdown(sockets=[bound])


async def answers_to(app: Requests, *parts: bytes) -> bytes:
    """What comes back for parts that are sent one by one."""
    async with listening(app) as port, connection(port) as (reader, writer):
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.05)
        app.may_answer.set()
        await asyncio.sleep(0.2)
        with suppress(OSError):
            writer.write_eof()
        return await ended(reader)


INNER = b"POST /inner HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
UPGRADE = b"POST /outer HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: %s\r\nX: y\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(INNER)
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(INNER), INNER)
GET = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"other"])
@pytest.mark.parametrize("body", [(LENGTH + INNER,), (LENGTH, INNER), (CHUNKS,), (LENGTH, INNER + GET)])
async def test_the_body_of_one_who_asks_for_an_upgrade_is_no_request(
    protocol: bytes, body: tuple[bytes, ...]
) -> None:
    app = Requests()
    app.may_answer.set()
    await answers_to(app, UPGRADE % protocol + body[0], *body[1:])
    assert [each["path"] for each in app.heads] == ["/outer", "/next"][: 1 + (GET in body[-1])]
    assert app.bodies[0] == INNER
    assert (b"x", b"y") in app.heads[0]["headers"]


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n"


async def test_what_follows_a_body_is_no_header() -> None:
    app = Requests()
    await answers_to(app, CHUNKED + b"Authorization: Bearer a\r\n\r\n")
    assert app.bodies == [b"ab"]
    assert [name for name, _ in app.heads[0]["headers"]] == [b"host", b"transfer-encoding"]


async def test_what_follows_a_body_is_not_kept_without_end() -> None:
    sent = 0
    async with listening(Requests()) as port:
        with suppress(ConnectionError):
            async with connection(port) as (_, writer):
                writer.write(CHUNKED + b"X: ")
                while sent < 200:
                    writer.write(b"a" * HEAD_BYTES_MAX)
                    sent += 1
                    await writer.drain()
                    await asyncio.sleep(0.005)
    assert sent < 200


async def test_a_body_in_many_chunks_is_taken() -> None:
    app, part = Requests(), b"%x\r\n" % 40_000
    app.may_answer.set()
    # Each part ends behind a chunk's length, where what follows might be no body.
    parts = [b"a" * 40_000 + b"\r\n" + part] * 5
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    told = await answers_to(app, head + part, *parts, b"a" * 40_000 + b"\r\n0\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 200")
    assert len(app.bodies[0]) == 240_000


async def test_requests_may_wait_behind_another() -> None:
    app = Requests()
    assert (await answers_to(app, GET * 17)).count(b"HTTP/1.1 200") == 17


@pytest.mark.parametrize("asked", [REQUEST, REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")])
async def test_who_reads_nothing_keeps_nobody_out(asked: bytes) -> None:
    async with bounded(1, request_s=0.3, size=32 << 20) as port, connection(port) as (reader, writer):
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(asked)
        await asyncio.sleep(1)
        async with connection(port) as (other, other_writer):
            other_writer.write(REQUEST)
            assert (await asyncio.wait_for(other.readline(), 10)).startswith(b"HTTP/1.1 200")


async def test_nothing_is_kept_of_a_connection_that_was_reset() -> None:
    app = Pieces(1, 2)
    async with listening(app) as port:
        for _ in range(20):
            async with connection(port) as (reader, writer):
                writer.write(REQUEST)
                await asyncio.wait_for(reader.readuntil(b"aa"), 10)
                plain = writer.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await asyncio.sleep(0.2)
        gc.collect()
        kept = [each for each in gc.get_objects() if isinstance(each, H11Protocol) and each.config.app is app]
        assert len(kept) <= 1


class Pieces:
    """An application whose answer comes in so many pieces."""

    def __init__(self, number: int, size: int, *, tells_length: bool = True) -> None:
        self._number, self._size, self._tells_length = number, size, tells_length

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = (b"content-length", b"%d" % (self._number * self._size))
        headers = [length] if self._tells_length else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for left in reversed(range(self._number)):
            await send({"type": "http.response.body", "body": b"a" * self._size, "more_body": left > 0})


@pytest.mark.parametrize("number", [1, 24, 384])
async def test_who_reads_slowly_is_not_cut_off(number: int) -> None:
    size = 24 << 20
    app = Pieces(number, size // number)
    async with listening(app, request_s=0.3) as port, connection(port) as (reader, writer):
        writer.write(REQUEST)
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        for _ in range(12):
            await asyncio.wait_for(reader.readexactly(size // 12), 10)
            await asyncio.sleep(0.15)


@pytest.mark.parametrize("tells_length", [True, False])
@pytest.mark.parametrize(("method", "size"), [(b"GET", 3), (b"GET", 0), (b"HEAD", 3)])
async def test_an_older_client_gets_no_chunks(method: bytes, size: int, tells_length: bool) -> None:
    app = Pieces(3, size, tells_length=tells_length)
    async with listening(app) as port, connection(port) as (reader, writer):
        writer.write(method + b" / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
        head, _, body = (await ended(reader)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"chunked" not in head
    assert (b"content-length" in head) is tells_length
    assert body == (b"" if method == b"HEAD" else b"aaa" * size)
