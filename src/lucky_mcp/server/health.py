"""Signs of life for load balancers and orchestrators: without a token, and without naming what is behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from fastmcp import FastMCP
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Server: TypeAlias = FastMCP
Health = Callable[[], Mapping[str, str]]
# Why new calls should go elsewhere: words of a closed list, empty when they need not.
NotReady = Callable[[], tuple[str, ...]]


def add_health_route(server: FastMCP, more: Health) -> None:
    """Answer GET /health with 200 while the process serves, and with what `more` tells everybody."""

    @server.custom_route("/health", methods=["GET"])
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", **more()})


def add_probe_routes(server: FastMCP, not_ready: NotReady) -> None:
    """Answer GET /health/live with 200 while the loop turns, and /health/ready with 503 and why, or 200.

    Neither asks a source: one that is down is no reason to restart this process, nor to send calls elsewhere.
    """

    @server.custom_route("/health/live", methods=["GET"])
    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    @server.custom_route("/health/ready", methods=["GET"])
    async def ready(_: Request) -> Response:
        because = not_ready()
        if because:
            return JSONResponse({"status": "not ready", "because": list(because)}, status_code=503)
        return JSONResponse({"status": "ready"})
