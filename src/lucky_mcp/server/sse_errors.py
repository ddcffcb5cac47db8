"""On SSE a request that HTTP refuses is answered on the stream, where clients wait for its answer.

A client posts a request and awaits the answer on the stream it opened before. Some never look at the answer
to the post itself: a 401, 413 or 503 there, and they wait for ever, kept awake by the stream's pings.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias

import anyio
import structlog
from fastmcp.server.auth import AuthProvider
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lucky_mcp.server.connections import HANG_UP
from lucky_mcp.server.drain import Drain
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.request_body import READ_TIMES_MAX, Body, read_body
from lucky_mcp.server.sse_streams import SseStream, SseStreams, credential_of, session_of
from lucky_mcp.server.stream_credentials import StreamCredentials
from lucky_mcp.server.wire_errors import error_response

SSE_PATH = "/sse"
MESSAGES_PATH = "/messages/"
_RETRY_AFTER_SECONDS = 1
Watch: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

log = structlog.get_logger(__name__)


class SseErrors:
    """The outermost layer: sees the streams, and what became of the requests that belong to them."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        streams: SseStreams,
        drain: Drain,
        limits: HttpLimits,
        auth: AuthProvider | None = None,
    ) -> None:
        self._app = app
        self._credentials = StreamCredentials(auth, every_s=limits.credentials_checked_s)
        self._streams = streams
        self._drain = drain
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what has nothing to do with SSE."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and scope["path"] == SSE_PATH:
            await self._open(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"].startswith(MESSAGES_PATH):
            await self._post(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._drain.is_ready:
            await error_response(503, retry_after_s=_RETRY_AFTER_SECONDS)(scope, receive, send)
            return
        stream, is_stream = SseStream(send, credential_of(scope), self._streams), False

        async def sent(message: Message) -> None:
            nonlocal is_stream
            if message["type"] == "http.response.start":
                is_stream = message["status"] == 200
            await (stream.send if is_stream else send)(message)

        try:
            watch = partial(self._credentials.watch, stream, scope)
            await self._app(scope, _until_broken(receive, stream, watch), sent)
            if stream.broken.is_set():
                await _hung_up(scope, receive)
        finally:
            self._streams.closed(stream)

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = self._streams.find(session_of(scope["query_string"]), credential_of(scope))
        if stream is None:
            await self._from_a_stranger(scope, receive, send)
            return
        kept = self._limits.body_bytes_max
        body = await read_body(receive, kept, read_bytes_max=READ_TIMES_MAX * kept)
        if body is None:
            # Nobody can say which request that was, so all of the stream's end with it.
            stream.broken.set()
            await error_response(413)(scope, receive, send)
            return
        if not body.is_message:
            await self._app(scope, body.replay(receive), send)
            return
        request_id = body.request_id()
        is_one_too_many = request_id is not None and not stream.expect(request_id)
        if request_id is None and body.is_too_large:
            stream.broken.set()
        refused = 429 if is_one_too_many else self._refused(body)
        status = refused or await self._forward(scope, body.replay(receive), send)
        if status:
            log.info("sse_request_refused", status=status)
            if request_id is not None:
                await stream.fail(request_id, status)
            # A notification is accepted too: clients exist that never send again after one was refused.
            await Response("Accepted", status_code=202)(scope, receive, send)
        _note_cancelled(stream, body)

    def _refused(self, body: Body) -> int:
        """The status with which a message is refused here already; 0 when it is not."""
        if body.is_too_large:
            return 413
        return 503 if not self._drain.is_ready and body.request_id() is not None else 0

    async def _from_a_stranger(self, scope: Scope, receive: Receive, send: Send) -> None:
        """There is no stream here that its sender has opened: it is told where it asks."""
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > self._limits.body_bytes_max:
            await error_response(413)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Pass a request on; the status with which it was refused, and then nothing was sent, else 0."""
        refused = 0
        has_begun = False

        async def sent(message: Message) -> None:
            nonlocal refused, has_begun
            if message["type"] == "http.response.start" and message["status"] >= 400:
                refused = message["status"]
            if not refused:
                has_begun = True
                await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            if has_begun:
                raise
            log.error("defect", what="a message of an SSE session failed", exc_info=True)
            refused = 500
        return refused


async def _hung_up(scope: Scope, receive: Receive) -> None:
    """End the connection here: an answer without its end would be logged as a defect of the application."""
    hang_up = scope.get("extensions", {}).get(HANG_UP)
    if hang_up is not None:
        hang_up["now"]()
        while (await receive())["type"] != "http.disconnect":
            pass


def _until_broken(receive: Receive, stream: SseStream, watch: Watch) -> Receive:
    """A `receive` to which the client has gone away once the stream is broken off; meanwhile `watch` runs."""

    async def received() -> Message:
        message: Message = {"type": "http.disconnect"}

        async def from_client() -> None:
            nonlocal message
            message = await receive()
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(from_client)
            tasks.start_soon(watch)
            await stream.broken.wait()
            tasks.cancel_scope.cancel()
        return message

    return received


def _note_cancelled(stream: SseStream, body: Body) -> None:
    message = body.message()
    if message.get("method") == "notifications/cancelled":
        parameters = message.get("params")
        stream.forget(parameters.get("requestId") if isinstance(parameters, dict) else None)
