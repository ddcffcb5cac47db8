"""Tool calls on /mcp of clients from before 2026-07-28, answered within the request that brings them.

The protocol library sets up a session of its own for each such request, with five tasks and as many queues,
although /mcp keeps no session. Here the call goes straight to what the library runs behind that session
(`serve_one`, its own way to answer one request); everything else about /mcp stays the library's.
See docs/decisions/0046.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import pydantic_core
from fastmcp.server.http import StreamableHTTPASGIApp
from mcp.server.connection import Connection
from mcp.server.runner import modern_error_data, serve_one
from mcp.server.streamable_http import check_accept_headers
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp.shared.jsonrpc_dispatcher import progress_token_from_params
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import (
    DEFAULT_NEGOTIATED_VERSION,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    ProgressToken,
    RequestId,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from lucky_mcp.server.request_body import read_body
from lucky_mcp.server.wire_errors import error_response

CALL = "tools/call"
# Proxies close a stream on which nothing was said for a minute, some after thirty seconds.
PING_SECONDS = 15.0
_PING = b": ping\r\n\r\n"
_HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
)

_MEMBERS = frozenset({"jsonrpc", "id", "method", "params"})


class SingleExchange:
    """Answers tool calls itself, and passes every other request on as it came."""

    def __init__(
        self, app: StreamableHTTPASGIApp, *, body_bytes_max: int, ping_s: float = PING_SECONDS
    ) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._ping_s = ping_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        manager = self._app.session_manager
        if manager is None or not _may_carry_a_call(request):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive, self._body_bytes_max, read_bytes_max=self._body_bytes_max)
        if body is None or body.is_too_large:
            await error_response(413)(scope, receive, send)
            return
        call = _call_in(body.content)
        if call is None:
            await self._app(scope, body.replay(receive), send)
            return
        await self._answer(manager, request, call, _Stream(send))

    async def _answer(
        self, manager: StreamableHTTPSessionManager, request: Request, call: JSONRPCRequest, stream: _Stream
    ) -> None:
        """Make the call and send its answer; a client that goes away ends both."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._accompany, request.receive, stream, tasks.cancel_scope)
            await stream.end(await _made(manager, request, call, stream))
            tasks.cancel_scope.cancel()

    async def _accompany(self, receive: Receive, stream: _Stream, exchange: anyio.CancelScope) -> None:
        """Give a sign of life now and then, until the client is gone."""
        while True:
            with anyio.move_on_after(self._ping_s):
                while (await receive())["type"] != "http.disconnect":
                    pass
                exchange.cancel()
                return
            await stream.say(_PING)


class _Stream:
    """The answer's stream: it begins with whatever is said first, and what is said is never mixed."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = anyio.Lock()
        self._is_begun = False
        self._is_ended = False

    async def say(self, data: bytes) -> None:
        """Send `data` ahead of the answer; nothing once that is sent."""
        async with self._lock:
            if not self._is_ended:
                await self._begin()
                await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, answer: JSONRPCResponse | JSONRPCError) -> None:
        """Send the answer, whole, and end."""
        data = _event(answer)
        async with self._lock:
            self._is_ended = True
            await self._begin((b"content-length", str(len(data)).encode()))
            await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def _begin(self, *when_whole: tuple[bytes, bytes]) -> None:
        if not self._is_begun:
            self._is_begun = True
            headers = [*_HEADERS, *when_whole]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})


@dataclass(kw_only=True)
class _Exchange:
    """What the library is told about a call, and how it speaks to the caller: a `DispatchContext`."""

    transport: TransportContext
    request_id: RequestId
    message_metadata: ServerMessageMetadata
    progress_token: ProgressToken | None
    stream: _Stream
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)
    can_send_request: bool = field(default=False, init=False)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """Refuse: an answer to it would reach any process but this call."""
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification ahead of the answer."""
        told = None if params is None else dict(params)
        await self.stream.say(_event(JSONRPCNotification(jsonrpc="2.0", method=method, params=told)))

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Tell how far the call is, to a caller who asked to be told."""
        if self.progress_token is None:
            return
        told = {
            "progressToken": self.progress_token,
            "progress": progress,
            "total": total,
            "message": message,
        }
        said = {name: value for name, value in told.items() if value is not None}
        await self.notify("notifications/progress", said)


def _may_carry_a_call(request: Request) -> bool:
    version = request.headers.get(MCP_PROTOCOL_VERSION_HEADER)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    return (
        request.method == "POST"
        and (version is None or version in HANDSHAKE_PROTOCOL_VERSIONS)
        and content_type == "application/json"
        and all(check_accept_headers(request))
    )


def _call_in(body: bytes) -> JSONRPCRequest | None:
    """The tool call that `body` is; None for everything else, whatever is wrong with it."""
    try:
        found = pydantic_core.from_json(body)
        if not isinstance(found, dict) or found.get("method") != CALL or found.keys() - _MEMBERS:
            return None
        return JSONRPCRequest.model_validate(found, by_name=False)
    except (ValueError, RecursionError):
        return None


async def _made(
    manager: StreamableHTTPSessionManager, request: Request, call: JSONRPCRequest, stream: _Stream
) -> JSONRPCResponse | JSONRPCError:
    version = request.headers.get(MCP_PROTOCOL_VERSION_HEADER, DEFAULT_NEGOTIATED_VERSION)
    exchange = _Exchange(
        transport=TransportContext(kind="streamable-http", can_send_request=False),
        request_id=call.id,
        message_metadata=ServerMessageMetadata(request_context=request, can_send_request=False),
        progress_token=progress_token_from_params(call.params),
        stream=stream,
    )
    try:
        result = await serve_one(
            manager.app,
            exchange,
            call.method,
            call.params,
            connection=Connection.from_envelope(version, None, None),
            lifespan_state=manager._lifespan_state,
        )
    except Exception as failure:
        return JSONRPCError(jsonrpc="2.0", id=call.id, error=modern_error_data(failure))
    return JSONRPCResponse(jsonrpc="2.0", id=call.id, result=result)


def _event(message: JSONRPCResponse | JSONRPCError | JSONRPCNotification) -> bytes:
    data = message.model_dump_json(by_alias=True, exclude_unset=True)
    return f"event: message\r\ndata: {data}\r\n\r\n".encode()
