"""`lucky-mcp serve`: serve a policy directory over stdio or HTTP."""

from __future__ import annotations

import gc
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer


class Transport(StrEnum):
    """How clients connect."""

    STDIO = "stdio"
    HTTP = "http"


def serve(
    policies: Annotated[
        Path | None, typer.Option(help="The policy directory; LUCKY_POLICIES when left out.")
    ] = None,
    transport: Annotated[Transport, typer.Option(help="How clients connect.")] = Transport.STDIO,
    host: Annotated[str | None, typer.Option(help="Address for HTTP; LUCKY_HOST, else 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port for HTTP; LUCKY_PORT, else 8765.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Accept the tokens demo-<role>; on this machine only.")
    ] = False,
) -> None:
    """Serve a policy directory to MCP clients.

    On stdio the caller is the holder of LUCKY_TOKEN; on HTTP each request carries its own bearer token.
    """
    # Nearly all that a start makes stays, and walking it again and again took a fifth of the start.
    gc.disable()
    try:
        _serve(policies, transport, host, port, demo=demo)
    finally:
        gc.enable()


def _serve(
    policies: Path | None, transport: Transport, host: str | None, port: int | None, *, demo: bool
) -> None:
    import anyio

    from lucky_mcp.app.serving import check_http, serve_http, serve_stdio
    from lucky_mcp.settings import load_settings

    settings = load_settings(policies=policies, host=host, port=port)
    if transport is Transport.STDIO:
        anyio.run(partial(serve_stdio, settings, demo=demo))
        return

    from lucky_mcp.server.transports import endpoint_of, listen

    check_http(settings, demo=demo)
    bound = listen(settings.host, settings.port)

    async def announce() -> bool:
        print(f"lucky-mcp serves {settings.policies} at {endpoint_of(bound)}", file=sys.stderr)
        return True

    anyio.run(partial(serve_http, settings, bound, demo=demo, when_ready=announce))
