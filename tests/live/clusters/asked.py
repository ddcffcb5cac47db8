"""Asking a real Redis through a gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.keyed import CLUSTER, gateway_to, on_server, ruled
from tests.support.redis_server import RedisServer

HEAD = "keys:\n  - {id: rule, why: to try it, "
ANY = 'pattern: "{kind:label}:{id:digits}", types: [string, hash], parts: {kind: {}, id: {}}, show: metadata, roles: [dba]}\n'


@asynccontextmanager
async def asked(
    base: PolicySet, server: RedisServer, folder: Path, rules: str, **changes: Any
) -> AsyncIterator[Gateway]:
    """Open a gateway over the server with these rules."""
    source = on_server(server.folder / "redis.sock", **changes)
    gateway = gateway_to(ruled(base, source, folder, rules))
    try:
        yield gateway
    finally:
        await gateway.close()


async def scanned(gateway: Gateway, caller: Principal, pattern: str = "*", limit: int = 100) -> ReadResult:
    return await gateway.read(
        caller, KeyRead(source=CLUSTER, ask=KeyAsk.SCAN, pattern=pattern, rows_max=limit)
    )
