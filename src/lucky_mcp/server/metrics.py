"""Where Prometheus finds the metrics: on a port of their own, or beside /mcp for whoever has the token."""

from __future__ import annotations

import hmac
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
import uvicorn
from fastmcp import FastMCP
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lucky_mcp.server.connections import bounded_connections
from lucky_mcp.telemetry.gauges import CONTENT_TYPE, Exposition

PATH = "/metrics"
_STOP_SECONDS = 2
# A few collectors, each with a connection that it keeps from one look to the next.
CONNECTIONS_MAX = 50
_IDLE_SECONDS = 75


def add_metrics_route(server: FastMCP, exposition: Exposition, token: Callable[[], str]) -> None:
    """Answer GET /metrics on the main port: 200 for the bearer of `token`, 401 for everybody else."""

    @server.custom_route(PATH, methods=["GET"])
    async def metrics(request: Request) -> Response:
        return _answer(request, exposition, token)


@asynccontextmanager
async def metrics_served(
    bound: socket.socket,
    exposition: Exposition,
    token: Callable[[], str] | None = None,
    connections_max: int = CONNECTIONS_MAX,
) -> AsyncIterator[None]:
    """Answer on a port of their own for the block; with a `token` for its bearer alone."""

    async def metrics(request: Request) -> Response:
        return _answer(request, exposition, token)

    config = uvicorn.Config(
        Starlette(routes=[Route(PATH, metrics)]),
        lifespan="off",
        log_level="warning",
        access_log=False,
        ws="none",
        log_config=None,
        timeout_graceful_shutdown=_STOP_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
        http=bounded_connections(connections_max, request_s=_IDLE_SECONDS),
    )
    server = _Beside(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [bound])
        try:
            yield
        finally:
            server.should_exit = True


class _Beside(uvicorn.Server):
    """A second server of the process: the first one hears the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def _answer(request: Request, exposition: Exposition, token: Callable[[], str] | None) -> Response:
    if token is not None and not _is_bearer(request, token()):
        return PlainTextResponse("", status_code=401, headers={"WWW-Authenticate": "Bearer"})
    return Response(exposition.text(), headers={"Content-Type": CONTENT_TYPE})


def _is_bearer(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
