"""A sign of life for load balancers; it needs no token and tells nothing else."""

from __future__ import annotations

from fastmcp import FastMCP
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


def add_health_route(server: FastMCP) -> None:
    """Answer GET /health with 200 while the process serves."""

    @server.custom_route("/health", methods=["GET"])
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})
