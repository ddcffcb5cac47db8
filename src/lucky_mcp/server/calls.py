"""Every tool call, from outside: how many may be open, what ends them, and a sign of life while they last."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import anyio
import mcp_types
import structlog
from fastmcp import Context
from fastmcp.exceptions import McpError
from fastmcp.server.middleware.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import ToolResult

from lucky_mcp.errors import Code, LimitExceeded, Phase
from lucky_mcp.gateway.background import in_background
from lucky_mcp.server.drain import Drain, Stopping
from lucky_mcp.server.errors import error_result
from lucky_mcp.server.wire_errors import REFUSED, STOPPING_TEXT

PROGRESS_SECONDS = 15.0
CALLS_MAX = 64
_RETRY_AFTER_SECONDS = 2

log = structlog.get_logger(__name__)


class CallsMiddleware(Middleware):
    """Counts calls, reports progress of long ones, and ends those that a stopping process cannot wait for.

    A call beyond `calls_max` is a result, which a model can read. One that the process cannot take or end is
    an error of the protocol, on which clients connect again.
    """

    def __init__(
        self,
        *,
        drain: Drain,
        calls_max: int = CALLS_MAX,
        progress_s: float = PROGRESS_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._drain = drain
        self._calls_max = calls_max
        self._progress_s = progress_s
        self._clock = clock

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Make the call, or say why it is not made."""
        if self._drain.is_ready and self._drain.calls >= self._calls_max:
            return error_result(self._busy().agent_text)
        try:
            return await self._drain.answer(partial(self._call, context, call_next))
        except Stopping:
            raise McpError(code=REFUSED, message=STOPPING_TEXT) from None

    async def _call(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        if context.fastmcp_context is None:
            return await call_next(context)
        async with in_background(self._report(context.fastmcp_context)):
            return await call_next(context)

    async def _report(self, context: Context) -> None:
        """Tell a client that asked for it how long the call has run; some give up on a silent one."""
        begun = self._clock()
        while True:
            await anyio.sleep(self._progress_s)
            seconds = round(self._clock() - begun)
            await context.report_progress(seconds, message=f"running for {seconds} s")

    def _busy(self) -> LimitExceeded:
        return LimitExceeded(
            f"this server answers {self._calls_max} calls already, as many as it may at once",
            code=Code.RATE_LIMITED,
            phase=Phase.REQUEST,
            next_step=f"make the same call again in {_RETRY_AFTER_SECONDS} seconds",
            retry_after_s=_RETRY_AFTER_SECONDS,
        )
