"""read_redis and scan_redis: one key of a cluster, and which keys there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp.tools.base import ToolResult

from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.server.arguments import FieldName, KeyName, KeyPattern, KeysMax, SourceName
from lucky_mcp.server.auth import Identify
from lucky_mcp.server.errors import Answers
from lucky_mcp.server.results import keys_text

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

KEYS_DEFAULT = 100


class RedisTools:
    """The tools that ask for keys; each names its caller anew and does nothing but ask the gateway."""

    def __init__(self, *, gateway: Gateway, identify: Identify, answers: Answers) -> None:
        self._gateway = gateway
        self._identify = identify
        self._answers = answers

    async def read_redis(
        self, cluster: SourceName, key: KeyName, field: FieldName = None, limit: KeysMax = KEYS_DEFAULT
    ) -> ToolResult:
        """What the caller may see of one key, by its type."""
        request = KeyRead(source=cluster, key=key, field=field, rows_max=limit)
        return await self._answers.answer(self._read(self._identify(), request))

    async def scan_redis(
        self, cluster: SourceName, pattern: KeyPattern = None, limit: KeysMax = KEYS_DEFAULT
    ) -> ToolResult:
        """The keys that the caller may see, and a summary of them by pattern."""
        request = KeyRead(source=cluster, ask=KeyAsk.SCAN, pattern=pattern or "*", rows_max=limit)
        return await self._answers.answer(self._read(self._identify(), request))

    async def _read(self, principal: Principal, request: KeyRead) -> str:
        return keys_text(await self._gateway.read(principal, request))
