"""For whom a call is: settled once, before any tool hears of it, from credentials and never from a name.

`lucky_ctx` is an argument of every tool, taken off here; a user's token of Dify Enterprise comes as a header.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import mcp_types
from fastmcp.server.dependencies import get_http_headers
from fastmcp.server.middleware.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import ToolResult

from lucky_mcp.errors import ArgumentInvalid, NotAuthenticated
from lucky_mcp.model.principal import Principal
from lucky_mcp.server.auth import Identify
from lucky_mcp.server.refused_requests import Note

ARGUMENT = "lucky_ctx"
SCHEMA = {"type": "string", "maxLength": 200}
USER_TOKEN_HEADER = "x-dify-sso-token"  # noqa: S105 (the name of a header)

# Who asks, by what the caller is itself, a handle and a user's token.
Resolve = Callable[[Principal, str | None, str | None], Awaitable[Principal]]

_caller: ContextVar[Principal | None] = ContextVar("caller", default=None)


class OnBehalfMiddleware(Middleware):
    """Names the caller of a tool call for everything that runs within it."""

    def __init__(self, *, identify: Identify, resolve: Resolve, note: Note) -> None:
        self._identify = identify
        self._resolve = resolve
        self._note = note

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Take `lucky_ctx` off and call the tool as whom it stands for; NotAuthenticated when it does not."""
        arguments = dict(context.message.arguments or {})
        handle = _handle(arguments.pop(ARGUMENT, None))
        base = self._identify()
        try:
            caller = await self._resolve(base, handle, _user_token())
        except NotAuthenticated as refusal:
            await self._note("caller.refused", base.subject, context.message.name, refusal.audit_detail)
            raise
        token = _caller.set(caller)
        try:
            message = context.message.model_copy(update={"arguments": arguments})
            return await call_next(context.copy(message=message))
        finally:
            _caller.reset(token)


def settled_caller() -> Principal:
    """Who asks, as settled for the call that runs; outside of one nobody does."""
    caller = _caller.get()
    if caller is None:
        raise NotAuthenticated("nobody knows for whom this is", next_step="call a tool")
    return caller


async def itself(base: Principal, handle: str | None, forwarded: str | None) -> Principal:
    """Everybody asks for itself, where nothing else is set up."""
    if handle is not None or forwarded is not None:
        raise NotAuthenticated(
            "nobody asks for somebody else here", next_step="leave lucky_ctx out", audit_detail="not set up"
        )
    return base


def _handle(value: object) -> str | None:
    """A blank one is none: clients drop it, or send it for want of another."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ArgumentInvalid(
            "argument `lucky_ctx` was not accepted; it must be text", next_step="pass it on as it was given"
        )
    return value.strip() or None


def _user_token() -> str | None:
    return get_http_headers(include={USER_TOKEN_HEADER}).get(USER_TOKEN_HEADER)
