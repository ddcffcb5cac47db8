"""How the server meets its clients: streamable HTTP at /mcp and SSE at /sse in one application, or stdio."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import anyio
from fastmcp import FastMCP
from fastmcp.server.auth.middleware import RequireAuthMiddleware
from fastmcp.server.http import StreamableHTTPASGIApp, create_sse_app
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.server.drain import Drain
from lucky_mcp.server.gate import CallGate, ChunkedBodies, StreamCaps
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.http_server import DrainingServer
from lucky_mcp.server.plain_requests import PlainRequests
from lucky_mcp.server.single_exchange import SingleExchange
from lucky_mcp.server.sse_errors import MESSAGES_PATH, SSE_PATH, SseErrors
from lucky_mcp.server.sse_streams import SseStreams

MCP_PATH = "/mcp"
_BACKLOG = 2048


class PortBusy(ConfigurationError):
    """Somebody else listens on the port already."""


@dataclass(frozen=True, kw_only=True)
class HttpApp:
    """The ASGI application, and what has to be ended in order when the process stops."""

    app: Starlette
    drain: Drain
    streams: SseStreams
    limits: HttpLimits


def http_app(
    server: FastMCP,
    *,
    drain: Drain | None = None,
    limits: HttpLimits | None = None,
    allowed_hosts: tuple[str, ...] = (),
    allowed_origins: tuple[str, ...] = (),
) -> HttpApp:
    """One application for both transports: /mcp is stateless, so that any process can answer any request.

    /mcp is framed as SSE: plain JSON answers would lose the keep-alive pings that proxies need during a long
    query. /sse holds its sessions in this process. Host and Origin of every request are checked: besides
    loopback names and the address that was called, those of `allowed_hosts` and `allowed_origins` are let in.
    """
    drain, limits, streams = drain or Drain(), limits or HttpLimits(), SseStreams()
    app = server.http_app(
        path=MCP_PATH,
        transport="http",
        stateless_http=True,
        json_response=False,
        host_origin_protection=True,
        allowed_hosts=list(allowed_hosts) or None,
        allowed_origins=list(allowed_origins) or None,
        middleware=[
            Middleware(StreamCaps, limits=limits),
            Middleware(ChunkedBodies, path=MCP_PATH, has_auth=server.auth is not None, limits=limits),
        ],
    )
    routes = list(app.routes)
    _answer_calls_at_once(routes, limits)
    if limits.sse:
        sse = create_sse_app(server, MESSAGES_PATH, SSE_PATH, auth=server.auth)
        known = {getattr(route, "path", None) for route in routes}
        routes += [route for route in sse.routes if getattr(route, "path", None) not in known]
        _open_streams_by_get_alone(routes)
    doors = [
        Middleware(PlainRequests),
        Middleware(SseErrors, streams=streams, drain=drain, limits=limits, auth=server.auth),
        Middleware(CallGate, path=MCP_PATH, drain=drain, limits=limits),
    ]
    both = Starlette(routes=routes, middleware=[*doors, *app.user_middleware], lifespan=app.lifespan)
    return HttpApp(app=both, drain=drain, streams=streams, limits=limits)


def _answer_calls_at_once(routes: Sequence[BaseRoute], limits: HttpLimits) -> None:
    """Put SingleExchange right before the library's own endpoint of /mcp, behind authentication."""
    for route in routes:
        if isinstance(route, Route) and route.path == MCP_PATH:
            door = route.app if isinstance(route.app, RequireAuthMiddleware) else None
            endpoint = door.app if door else route.app
            if not isinstance(endpoint, StreamableHTTPASGIApp):
                raise TypeError(f"the endpoint of {MCP_PATH} is {type(endpoint).__name__}")
            direct = SingleExchange(endpoint, body_bytes_max=limits.body_bytes_max)
            if door:
                door.app = direct
            else:
                route.app = direct


def _open_streams_by_get_alone(routes: Sequence[BaseRoute]) -> None:
    """A route for GET takes HEAD as well: a stream that nobody counts, and whose end nobody sees."""
    for route in routes:
        if isinstance(route, Route) and route.path == SSE_PATH and route.methods:
            route.methods.discard("HEAD")


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
    # Only of a socket that says TCP does the event loop send each write at once; else answers wait 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
    served: HttpApp, bound: socket.socket, *, when_ready: Callable[[], Awaitable[bool]] | None = None
) -> None:
    """Serve until the process is told to stop.

    `when_ready` runs once requests are answered; when it returns False, or fails, the server stops.
    """
    server = DrainingServer(served.app, drain=served.drain, streams=served.streams, limits=served.limits)
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


async def _once_ready(server: DrainingServer, when_ready: Callable[[], Awaitable[bool]]) -> None:
    await server.ready.wait()
    stay = False
    try:
        stay = await when_ready()
    finally:
        server.should_exit = not stay


async def serve_stdio(server: FastMCP) -> None:
    """Serve one client over stdin and stdout; everything else goes to stderr."""
    await server.run_stdio_async(show_banner=False, log_level="WARNING")
