"""The HTTP server's life: it says when it answers, and ends in an order that leaves no client waiting."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType

import anyio
import uvicorn
from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp

from lucky_mcp.server.connections import bounded_connections
from lucky_mcp.server.drain import Drain
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.sse_errors import SSE_PATH
from lucky_mcp.server.sse_streams import SseStreams

# For answers that are made but not yet written.
_ANSWERS_SECONDS = 5
# Longer than load balancers keep a connection that is idle, or they send calls on one that is being closed.
_IDLE_SECONDS = 75


class DrainingServer(uvicorn.Server):
    """Told to stop, it goes on listening while it waits for open calls, so that its health says why."""

    def __init__(self, app: ASGIApp, *, drain: Drain, streams: SseStreams, limits: HttpLimits) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                log_level="warning",
                log_config=None,
                access_log=False,
                ws="none",
                timeout_graceful_shutdown=_ANSWERS_SECONDS,
                timeout_keep_alive=_IDLE_SECONDS,
                http=bounded_connections(limits.connections_max, request_s=_IDLE_SECONDS),
            )
        )
        self.ready = anyio.Event()
        self._forced = anyio.Event()
        self._drain = drain
        self._streams = streams
        self._drain_s = limits.drain_s
        # By itself it would cut every stream, answers of open calls included, at the first signal.
        AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self.ready.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order at the first signal; the second SIGINT waits for nothing."""
        super().handle_exit(sig, frame)
        if self.force_exit:
            self._loop.call_soon_threadsafe(self._forced.set)
        if sig == signal.SIGTERM:
            # It would be raised again at the end, and kill the process before its audit log is closed.
            self._captured_signals.remove(sig)

    async def main_loop(self) -> None:
        """Serve until told to stop; then refuse new calls and wait for the open ones."""
        await super().main_loop()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._stop_waiting_when_forced, tasks.cancel_scope)
            await self._drain.finish(self._drain_s)
            await self._streams.end(_ANSWERS_SECONDS)
            tasks.cancel_scope.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Break off the streams, whose clients would wait on one that had ended well; then end the rest."""
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete and cycle.scope["path"] == SSE_PATH:
                connection.transport.close()
        await super().shutdown(sockets)

    async def _stop_waiting_when_forced(self, waiting: anyio.CancelScope) -> None:
        await self._forced.wait()
        waiting.cancel()
