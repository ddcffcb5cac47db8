"""One of several processes behind a port."""

from __future__ import annotations

import sys
from functools import partial

import anyio

from lucky_mcp.app.serving import serve_http
from lucky_mcp.app.workers import Worker, say_ready
from lucky_mcp.errors import LuckyError
from lucky_mcp.server.transports import listen_together
from lucky_mcp.settings import Settings

CONFIGURATION = 3


def serve_as(worker: Worker, settings: Settings, port: int, *, demo: bool) -> int:
    """Serve until told to stop, or until the process that began this one is gone; return the exit code."""

    async def until_the_parent_is_gone() -> bool:
        say_ready(worker)
        await anyio.wait_readable(worker.parent)
        return False

    # Limits that no Redis shares are divided among all processes.
    own = settings.model_copy(update={"limits_processes": settings.limits_processes * settings.workers})
    try:
        bound = listen_together(settings.host, port)
        anyio.run(partial(serve_http, own, bound, demo=demo, when_ready=until_the_parent_is_gone))
    except LuckyError as error:
        print(f"lucky-mcp: {error}", file=sys.stderr)
        return CONFIGURATION
    return 0
