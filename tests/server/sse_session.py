"""A session of /sse by hand: opened, initialised, and one call begun."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.server.wire import OLDER, call_message, direct

START = {
    "protocolVersion": OLDER,
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


@asynccontextmanager
async def raw_session(
    endpoint: str, question: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Any, str]]:
    """Begin run_query as call 1; yields the lines of the stream, and where to post. Leaving closes the stream."""
    own = dict(headers or {})
    async with (
        direct(headers=own) as client,
        client.stream("GET", endpoint.replace("/mcp", "/sse")) as response,
    ):
        lines = response.aiter_lines()
        async for line in lines:
            if line.startswith("data: "):
                break
        post = endpoint.replace("/mcp", line.removeprefix("data: "))
        async with direct(headers=own) as poster:
            for message in (
                {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": START},
                {"jsonrpc": "2.0", "method": "notifications/initialized"},
                {**call_message("run_query", dict(question), OLDER)[1], "id": 1},
            ):
                assert (await poster.post(post, json=message)).status_code == 202
        yield lines, post
