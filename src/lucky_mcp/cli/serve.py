"""`lucky-mcp serve`: serve a policy directory over stdio or HTTP."""

from __future__ import annotations

import gc
import os
import socket
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lucky_mcp.settings import Settings


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
    workers: Annotated[
        int | None, typer.Option(help="Processes that serve HTTP; LUCKY_WORKERS, else 1.")
    ] = None,
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
        from lucky_mcp.settings import load_settings

        settings = load_settings(policies=policies, host=host, port=port, workers=workers)
        _serve(settings, transport, demo=demo)
    finally:
        # What a start set apart is given back: a library complains at the end of what nobody has collected.
        gc.unfreeze()
        gc.enable()


def _serve(settings: Settings, transport: Transport, *, demo: bool) -> None:
    import anyio

    from lucky_mcp.app.serving import check_http, run, serve_http, serve_stdio

    if transport is Transport.STDIO:
        tell = partial(_tell, settings, demo=demo, http=False)
        anyio.run(partial(serve_stdio, settings, demo=demo, when_ready=tell))
        return

    from lucky_mcp.server.transports import listen

    check_http(settings, demo=demo)
    if settings.workers > 1:
        _serve_together(settings, demo=demo)
        return
    bound = listen(settings.host, settings.port)

    async def announce() -> bool:
        _announce(settings, bound, demo=demo)
        return True

    run(partial(serve_http, settings, bound, demo=demo, when_ready=announce))


def _serve_together(settings: Settings, *, demo: bool) -> None:
    """Serve by several processes, which share nothing but the port and what is on disk or in Redis."""
    from lucky_mcp.app.workers import Worker, Workers
    from lucky_mcp.server.transports import reserve

    reserved = reserve(settings.host, settings.port)

    def serve_alone(worker: Worker) -> int:
        from lucky_mcp.cli.worker import serve_as

        return serve_as(worker, settings, reserved.getsockname()[1], demo=demo)

    code = Workers(
        count=settings.workers,
        serve=serve_alone,
        when_ready=lambda: _announce(settings, reserved, demo=demo),
    ).serve_until_told()
    if code:
        raise typer.Exit(code)


def _announce(settings: Settings, bound: socket.socket, *, demo: bool) -> None:
    from lucky_mcp.server.transports import endpoint_of

    _tell(settings, demo=demo, http=True)
    print(f"lucky-mcp serves {settings.policies} at {endpoint_of(bound)}", file=sys.stderr, flush=True)


def _tell(settings: Settings, *, demo: bool, http: bool) -> None:
    from lucky_mcp.app.notices import notices

    for notice in notices(settings, os.environ, demo=demo, http=http):
        print(f"lucky-mcp: {notice}", file=sys.stderr, flush=True)
