"""One question to a running server, asked as any client would ask it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp_types import TextContent


async def ask(endpoint: str, *, token: str, tool: str, arguments: Mapping[str, object]) -> str:
    """Call `tool` at `endpoint` over the wire and return its text, errors included."""
    transport = StreamableHttpTransport(endpoint, auth=token, httpx_client_factory=_direct)
    async with Client(transport) as client:
        result = await client.call_tool(tool, dict(arguments), raise_on_error=False)
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def _direct(
    headers: dict[str, str] | None = None,
    timeout: httpx2.Timeout | None = None,
    auth: httpx2.Auth | None = None,
    **options: Any,
) -> httpx2.AsyncClient:
    """A client that heeds no proxy of the environment: the server asked is on this machine."""
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth, trust_env=False, **options)
