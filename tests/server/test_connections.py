"""Open connections are bounded, and whoever only holds some keeps nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, TypeAlias

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from lucky_mcp.model.principal import Principal
from lucky_mcp.server.auth import BearerVerifier
from lucky_mcp.server.connections import bounded_connections
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.metrics import metrics_served
from lucky_mcp.server.transports import listen
from lucky_mcp.telemetry.gauges import Exposition
from tests.server.test_sse import demo_auth
from tests.server.wire import direct, served

HEAD_BYTES_MAX = 64 << 10
Line: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def port_of(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2].partition("/")[0])


@asynccontextmanager
async def bounded(
    connections_max: int,
    request_s: float,
    *,
    may_end: asyncio.Event | None = None,
    size: int = 2,
    waits_for_body: bool = False,
) -> AsyncIterator[int]:
    """Answer everything at once, or once it `may_end`, or when the body has come."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if may_end is not None:
            await may_end.wait()
        while waits_for_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            if not message.get("more_body", False):
                break
        length = (b"content-length", b"%d" % size)
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": b"o" * (size - 1) + b"k"})

    protocol = bounded_connections(connections_max, request_s=request_s)
    bound = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, lifespan="off", log_config=None))
    await _begin(server, bound)
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        await server.shutdown(sockets=[bound])


async def _begin(server: uvicorn.Server, bound: Any) -> None:
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[bound])


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PARTS = {
    "nothing": b"",
    "half a head": b"GET / HT",
    "half a second one": REQUEST + b"GET / HT",
    "half a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
    "half a body in chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
}


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What still comes before the server ends the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("sent", PARTS)
async def test_a_connection_that_does_not_say_what_it_wants_is_closed(sent: str) -> None:
    async with bounded(10, request_s=0.05) as port, connection(port) as (reader, writer):
        writer.write(PARTS[sent])
        await ended(reader)


async def test_a_body_that_comes_a_byte_at_a_time_has_no_more_time() -> None:
    async with (
        bounded(10, request_s=0.5, waits_for_body=True) as port,
        connection(port) as (reader, writer),
    ):

        async def trickle() -> None:
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n")
            while True:
                writer.write(b"a")
                await asyncio.sleep(0.05)

        sending = asyncio.create_task(trickle())
        await ended(reader)
        sending.cancel()


async def test_an_answer_has_time_once_its_request_is_whole() -> None:
    may_end = asyncio.Event()
    async with bounded(10, request_s=0.3, may_end=may_end) as port, connection(port) as (reader, writer):
        for part in (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Le", b"ngth: 9\r\n\r\nabc", b"defghi"):
            writer.write(part)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        may_end.set()
        assert (await asyncio.wait_for(reader.readuntil(b"ok"), 10)).startswith(b"HTTP/1.1 200")


async def test_a_head_without_end_is_not_kept() -> None:
    told = b""
    async with bounded(10, request_s=60) as port:
        # It breaks while it is written to or when it is read.
        with suppress(ConnectionError):
            async with connection(port) as (reader, writer):
                writer.write(b"GET / HTTP/1.1\r\nX: ")
                with suppress(ConnectionError):
                    for _ in range(64):
                        writer.write(b"a" * HEAD_BYTES_MAX)
                        await writer.drain()
                        await asyncio.sleep(0.01)
                told = await ended(reader)
    assert told == b""


async def test_blanks_around_a_value_are_no_part_of_it() -> None:
    known = {"lk_ann": Principal(subject="ann", roles=("analyst",))}
    async with served(BearerVerifier(known.get)) as endpoint:
        for value in ("Bearer lk_ann", " \t Bearer lk_ann \t ", "Bearer lk_bob"):
            head = f"GET /sse HTTP/1.1\r\nHost:127.0.0.1 \r\nAuthorization:{value}\r\n\r\n"
            async with connection(port_of(endpoint)) as (reader, writer):
                writer.write(head.encode())
                status = await asyncio.wait_for(reader.readline(), 10)
            assert status.split()[1] == (b"401" if "bob" in value else b"200"), value


async def test_large_heads_and_bodies_are_taken() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (HEAD_BYTES_MAX // 2)
    request = head + b"\r\nContent-Length: 500000\r\n\r\n" + b"b" * 500_000
    async with bounded(10, request_s=60) as port, connection(port) as (reader, writer):
        for _ in range(3):
            writer.write(request)
            assert (await asyncio.wait_for(reader.readuntil(b"ok"), 10)).startswith(b"HTTP/1.1 200")


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether a request is answered on a connection, which then waits for the next."""
    writer.write(REQUEST)
    return (await asyncio.wait_for(reader.readuntil(b"ok"), 10)).startswith(b"HTTP/1.1 200")


@asynccontextmanager
async def connections(port: int, number: int) -> AsyncIterator[list[Line]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connection(port)) for _ in range(number)]


@pytest.mark.parametrize("sent", PARTS)
async def test_connections_without_a_whole_request_keep_nobody_out(sent: str) -> None:
    async with bounded(10, request_s=60, waits_for_body=True) as port, connections(port, 25) as held:
        for _, writer in held:
            writer.write(PARTS[sent])
        for _ in range(3):
            async with connections(port, 10) as others:
                assert all([await answered(*each) for each in others])
        answers = [await ended(reader) for reader, _ in held]
        assert {each[-2:] for each in answers} <= ({b"", b"ok"} if REQUEST in PARTS[sent] else {b""})


async def test_the_one_to_which_nothing_new_has_happened_for_longest_goes_first() -> None:
    async with bounded(3, request_s=60, waits_for_body=True) as port, connections(port, 3) as lines:
        asks, silent, sends = lines
        sends[1].write(PARTS["half a body"])
        await asyncio.sleep(0.1)
        assert await answered(*asks)
        sends[1].write(b"d")  # more of what has begun is nothing new
        await asyncio.sleep(0.1)
        async with AsyncExitStack() as stack:
            for gone in (silent, sends, asks):
                assert await answered(*await stack.enter_async_context(connection(port)))
                assert (await ended(gone[0])) == b""


async def test_one_connection_too_many_is_closed_while_all_others_are_answered() -> None:
    may_end = asyncio.Event()
    async with bounded(2, request_s=60, may_end=may_end) as port, connections(port, 2) as busy:
        for _, writer in busy:
            writer.write(REQUEST)
            await asyncio.sleep(0.1)
        async with connection(port) as (third, third_writer):
            third_writer.write(REQUEST)
            assert await ended(third) == b""
        may_end.set()
        for reader, _ in busy:
            assert (await asyncio.wait_for(reader.readuntil(b"ok"), 10)).startswith(b"HTTP/1.1 200")


async def test_an_answer_that_is_not_read_yet_is_not_cut_off() -> None:
    """It is under way, though nothing of it is left to be made."""
    size = 32 << 20
    async with bounded(1, request_s=60, size=size) as port, connection(port) as (reader, writer):
        writer.write(REQUEST)
        await asyncio.sleep(0.2)
        async with connection(port) as (second, _):
            assert await ended(second) == b""
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert len(await asyncio.wait_for(reader.readexactly(size), 30)) == size


async def test_the_server_bounds_its_connections() -> None:
    async with (
        served(demo_auth(), limits=HttpLimits(connections_max=1)) as endpoint,
        connection(port_of(endpoint)) as (stream, writer),
    ):
        writer.write(b"GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert (await asyncio.wait_for(stream.readline(), 10)).startswith(b"HTTP/1.1 200")
        async with connection(port_of(endpoint)) as (second, _):
            assert await ended(second) == b""


async def test_the_port_of_the_metrics_bounds_its_connections() -> None:
    """Whoever may not read them must not keep out who may."""
    bound = listen("127.0.0.1", 0)
    port = bound.getsockname()[1]
    async with metrics_served(bound, Exposition(dict), connections_max=5), connections(port, 12) as held:
        async with direct() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/metrics")).status_code == 200
        ends = [asyncio.create_task(ended(reader)) for reader, _ in held]
        await asyncio.wait(ends, timeout=1)
        assert [each.done() for each in ends] == [True] * 8 + [False] * 4
        for each in ends:
            each.cancel()
