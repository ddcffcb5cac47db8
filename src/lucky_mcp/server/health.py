"""A sign of life for load balancers; it needs no token and names no table, file or source."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastmcp import FastMCP
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Health = Callable[[], Mapping[str, str]]


def add_health_route(server: FastMCP, more: Health) -> None:
    """Answer GET /health with 200 while the process serves, and with what `more` tells everybody."""

    @server.custom_route("/health", methods=["GET"])
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", **more()})
