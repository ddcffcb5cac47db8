"""How the server meets its clients: streamable HTTP at /mcp, or stdio."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import anyio
import uvicorn
from fastmcp import FastMCP
from starlette.applications import Starlette

from lucky_mcp.errors import ConfigurationError

MCP_PATH = "/mcp"
_DRAIN_SECONDS = 10
_BACKLOG = 2048


class PortBusy(ConfigurationError):
    """Somebody else listens on the port already."""


def http_app(
    server: FastMCP, *, allowed_hosts: tuple[str, ...] = (), allowed_origins: tuple[str, ...] = ()
) -> Starlette:
    """The ASGI application: stateless, so that any process can answer any request, and framed as SSE.

    Plain JSON answers would lose the keep-alive pings that proxies need during a long query. Host and
    Origin of every request are checked: besides loopback names and the address that was called, those of
    `allowed_hosts` and `allowed_origins` are let in.
    """
    return server.http_app(
        path=MCP_PATH,
        transport="http",
        stateless_http=True,
        json_response=False,
        host_origin_protection=True,
        allowed_hosts=list(allowed_hosts) or None,
        allowed_origins=list(allowed_origins) or None,
    )


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is set up; PortBusy or ConfigurationError when it cannot be had."""
    return _bound(host, port, is_shared=False, listens=True)


def reserve(host: str, port: int) -> socket.socket:
    """Take a port that `listen_together` shares among processes of this user, without listening there."""
    # A port that somebody serves alone would be shared with nobody, and the other way round.
    _bound(host, port, is_shared=False, listens=True).close()
    return _bound(host, port, is_shared=True, listens=False)


def listen_together(host: str, port: int) -> socket.socket:
    """Listen on a reserved port beside other processes; the system divides the connections among them."""
    return _bound(host, port, is_shared=True, listens=True)


def _bound(host: str, port: int, *, is_shared: bool, listens: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host.strip("[]"), port))
        if listens:
            bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(f"port {port} on {host} is in use; choose another with --port") from error
        raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return bound


def endpoint_of(bound: socket.socket) -> str:
    """The address that clients are given."""
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{MCP_PATH}"


async def serve_http(
    app: Starlette, bound: socket.socket, *, when_ready: Callable[[], Awaitable[bool]] | None = None
) -> None:
    """Serve until the process is told to stop.

    `when_ready` runs once requests are answered; when it returns False, or fails, the server stops.
    """
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = _Server(config)
    try:
        async with anyio.create_task_group() as tasks:
            if when_ready is not None:
                tasks.start_soon(_once_ready, server, when_ready)
            await server.serve(sockets=[bound])
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    if not server.started:
        raise ConfigurationError("the HTTP server did not start; its log tells why")


class _Server(uvicorn.Server):
    """Says when requests are answered, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = anyio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready.set()


async def _once_ready(server: _Server, when_ready: Callable[[], Awaitable[bool]]) -> None:
    await server.ready.wait()
    stay = False
    try:
        stay = await when_ready()
    finally:
        server.should_exit = not stay


async def serve_stdio(server: FastMCP) -> None:
    """Serve one client over stdin and stdout; everything else goes to stderr."""
    await server.run_stdio_async(show_banner=False, log_level="WARNING")
