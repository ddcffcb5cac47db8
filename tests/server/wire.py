"""A server on a real port, for what only the wire shows: status codes, headers, disconnects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastmcp.server.auth import AuthProvider

from lucky_mcp.server.auth import bearer_caller
from lucky_mcp.server.calls import CallsMiddleware
from lucky_mcp.server.drain import Drain
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.server import build_server
from lucky_mcp.server.texts import prompts_directory
from lucky_mcp.server.transports import HttpApp, endpoint_of, http_app, listen, serve_http
from tests.server.fakes import FakeGateway

ACCEPT = {"Accept": "application/json, text/event-stream"}
LATEST = "2026-07-28"
OLDER = "2025-06-18"


def as_it_is(app: HttpApp) -> HttpApp:
    """Change nothing."""
    return app


@asynccontextmanager
async def served(
    auth: AuthProvider,
    gateway: FakeGateway | None = None,
    *,
    limits: HttpLimits | None = None,
    calls: dict[str, Any] | None = None,
    prepare: Callable[[HttpApp], HttpApp] = as_it_is,
    **hosts: tuple[str, ...],
) -> AsyncIterator[str]:
    """Serve a fake gateway over HTTP and yield its endpoint; `prepare` may change the application before."""
    drain = Drain()
    server = build_server(
        gateway=gateway or FakeGateway(),  # type: ignore[arg-type]
        identify=bearer_caller,
        new_reference=lambda: "e-0001",
        prompts=prompts_directory(),
        auth=auth,
        calls=CallsMiddleware(drain=drain, **(calls or {})),
    )
    app = prepare(http_app(server, drain=drain, limits=limits, **hosts))
    bound = listen("127.0.0.1", 0)
    ready, stop = asyncio.Event(), asyncio.Event()

    async def until_stopped() -> bool:
        ready.set()
        await stop.wait()
        return False

    task = asyncio.create_task(serve_http(app, bound, when_ready=until_stopped))
    await asyncio.wait_for(ready.wait(), 10)
    try:
        yield endpoint_of(bound)
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


def direct(**options: Any) -> httpx2.AsyncClient:
    """An HTTP client that heeds no proxy of the environment."""
    return httpx2.AsyncClient(trust_env=False, timeout=10, **options)


def call_message(
    tool: str, arguments: dict[str, object], version: str
) -> tuple[dict[str, str], dict[str, object]]:
    """Headers and body of one tools/call, as clients of that protocol version send it."""
    headers = {**ACCEPT, "MCP-Protocol-Version": version}
    params: dict[str, object] = {"name": tool, "arguments": arguments}
    if version == LATEST:
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": tool}
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        }
    return headers, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
