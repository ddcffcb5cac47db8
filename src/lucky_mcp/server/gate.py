"""What is turned away at the door: large bodies, streams beyond the caps, calls to a process that stops."""

from __future__ import annotations

from collections import Counter

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from lucky_mcp.server.drain import Drain
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.request_body import read_body
from lucky_mcp.server.sse_errors import MESSAGES_PATH, SSE_PATH
from lucky_mcp.server.wire_errors import error_response

_RETRY_AFTER_SECONDS = 1
_STREAMS_RETRY_AFTER_SECONDS = 10


class CallGate:
    """Before /mcp: 503 while the process stops, 413 for a body that says it is too large."""

    def __init__(self, app: ASGIApp, *, path: str, drain: Drain, limits: HttpLimits) -> None:
        self._app = app
        self._path = path
        self._drain = drain
        self._bytes_max = limits.body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let everything else through."""
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        if not self._drain.is_ready:
            await error_response(503, retry_after_s=_RETRY_AFTER_SECONDS)(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > self._bytes_max:
            await error_response(413)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class ChunkedBodies:
    """Once the caller is known: 413 for a body without a length that turns out to be too large.

    What nobody may send is never read. Behind it everything else about the request has been checked: whoever
    holds no credential (`has_auth`) is refused without a body, and keeps no memory busy.
    """

    def __init__(self, app: ASGIApp, *, path: str, has_auth: bool, limits: HttpLimits) -> None:
        self._app = app
        self._path = path
        self._has_auth = has_auth
        self._bytes_max = limits.body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let everything else through."""
        if not self._is_read(scope):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive, self._bytes_max, read_bytes_max=self._bytes_max)
        if body is None or body.is_too_large:
            await error_response(413)(scope, receive, send)
            return
        await self._app(scope, body.replay(receive), send)

    def _is_read(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "POST" or "content-length" in Headers(scope=scope):
            return False
        if scope["path"] != self._path and not scope["path"].startswith(MESSAGES_PATH):
            return False
        return not self._has_auth or isinstance(scope.get("user"), AuthenticatedUser)


class StreamCaps:
    """Before /sse, once the caller is known: 429 when it, or all together, have as many streams as may be."""

    def __init__(self, app: ASGIApp, *, limits: HttpLimits) -> None:
        self._app = app
        self._limits = limits
        self._open: Counter[tuple[str, str | None]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let everything else through, and callers who are nobody: they are refused behind it."""
        user = scope.get("user")
        is_stream = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == SSE_PATH
        if not is_stream or not isinstance(user, AuthenticatedUser):
            await self._app(scope, receive, send)
            return
        caller = (user.access_token.client_id, user.access_token.subject)
        if self._is_full(caller):
            answer = error_response(429, retry_after_s=_STREAMS_RETRY_AFTER_SECONDS)
            await answer(scope, receive, send)
            return
        self._open[caller] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[caller] -= 1
            self._open += Counter()  # drops callers without a stream

    def _is_full(self, caller: tuple[str, str | None]) -> bool:
        return (
            self._open.total() >= self._limits.sse_streams_max
            or self._open[caller] >= self._limits.sse_streams_per_caller_max
        )
