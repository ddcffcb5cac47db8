"""Requests that pass a door by being written otherwise than it expects."""

from __future__ import annotations

import asyncio

import pytest

from lucky_mcp.server.http_limits import HttpLimits
from tests.server.test_connections import connection, port_of
from tests.server.test_sse import demo_auth
from tests.server.wire import served

HOST = "Host: 127.0.0.1"
BODY = f"{HOST}\r\nContent-Type: application/json\r\nAccept: */*\r\nContent-Length: 2\r\n\r\n{{}}"
REFUSED = {
    "a stream behind a line's end": ("GET /sse%0A", HOST, 404),
    "a stream behind a delete": ("GET /sse%7f", HOST, 404),
    "a call behind a line's end": ("POST /mcp%0a", BODY, 404),
    "a stream that says nothing": ("HEAD /sse", HOST, 405),
    "a connection to elsewhere": ("CONNECT other:80", HOST, 404),
    "an address as for a proxy": ("GET http://127.0.0.1/sse", HOST, 404),
    "two hosts": ("GET /sse", f"{HOST}\r\nHost: evil.example", 400),
    "two hosts alike": ("GET /sse", f"{HOST}\r\nHost: 127.0.0.1", 400),
}


async def status_of(endpoint: str, asked: str, rest: str) -> int:
    async with connection(port_of(endpoint)) as (reader, writer):
        writer.write(f"{asked} HTTP/1.1\r\n{rest}\r\n\r\n".encode())
        return int((await asyncio.wait_for(reader.readline(), 10)).split()[1])


@pytest.mark.parametrize("which", REFUSED)
async def test_no_door_is_passed_by_another_spelling(which: str) -> None:
    asked, rest, status = REFUSED[which]
    limits = HttpLimits(sse_streams_max=0)
    async with served(demo_auth(), limits=limits) as endpoint:
        assert await status_of(endpoint, "GET /sse", HOST) == 429
        assert await status_of(endpoint, asked, rest) == status


async def test_a_call_in_another_spelling_meets_the_same_doors() -> None:
    large = BODY.replace("Content-Length: 2", "Content-Length: 9000000")
    async with served(demo_auth()) as endpoint:
        for path in ("/mcp", "/%6dcp"):
            assert await status_of(endpoint, f"POST {path}", large) == 413
        assert await status_of(endpoint, "POST http://evil.example/mcp", large) == 404
