"""One of several processes behind a port."""

from __future__ import annotations

import sys
from functools import partial

import anyio

from lucky_mcp.app.serving import run, serve_http
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

    own = settings_of(worker, settings)
    try:
        bound = listen_together(settings.host, port)
        run(partial(serve_http, own, bound, demo=demo, when_ready=until_the_parent_is_gone))
    except LuckyError as error:
        print(f"lucky-mcp: {error}", file=sys.stderr)
        return CONFIGURATION
    return 0


def settings_of(worker: Worker, settings: Settings) -> Settings:
    """Return what is one worker's own: its part of limits that no Redis shares, and its port for metrics."""
    own: dict[str, object] = {"limits_processes": settings.limits_processes * settings.workers}
    if settings.metrics_port:  # 0 is any free one
        own["metrics_port"] = settings.metrics_port + worker.number
    return settings.model_copy(update=own)
