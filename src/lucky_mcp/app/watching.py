"""What shows operators how a serving process is: probes, metrics and spans."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

from lucky_mcp.app.gateway import now
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.secrets.references import read_secret
from lucky_mcp.settings import Settings

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway
    from lucky_mcp.server.health import Server

TOKEN_CHARS_MIN = 16


@asynccontextmanager
async def watched(
    settings: Settings,
    server: Server,
    gateway: Gateway,
    is_draining: Callable[[], bool],
    environment: Mapping[str, str] = os.environ,
) -> AsyncIterator[None]:
    """Add the probes, the metrics and the export of spans to a server, for the block.

    ConfigurationError when one of them cannot be had as the settings say.
    """
    from lucky_mcp.gateway.readiness import not_ready
    from lucky_mcp.gateway.readings import readings
    from lucky_mcp.server.health import add_probe_routes
    from lucky_mcp.server.metrics import add_metrics_route, metrics_served
    from lucky_mcp.server.tracing import have_own_spans_alone
    from lucky_mcp.server.transports import listen
    from lucky_mcp.telemetry.exporting import export_spans
    from lucky_mcp.telemetry.gauges import Exposition
    from lucky_mcp.telemetry.logs import take_over

    def against() -> tuple[str, ...]:
        return not_ready(gateway, is_draining)

    take_over()
    have_own_spans_alone()
    add_probe_routes(server, against)
    exposition = Exposition(lambda: readings(gateway, now, lambda: not against()))
    token = _token(settings, environment)
    if token is not None:
        add_metrics_route(server, exposition, token)
    end_export = export_spans(environment)
    try:
        if settings.metrics_port is None:
            yield
        else:
            with closing(listen(settings.metrics_host, settings.metrics_port)) as bound:
                async with metrics_served(bound, exposition, token):
                    yield
    finally:
        await asyncio.to_thread(end_export)


def _token(settings: Settings, environment: Mapping[str, str]) -> Callable[[], str] | None:
    """Return what reads the token anew for each scrape; None without one."""
    if not settings.metrics_token:
        return None

    def token() -> str:
        return read_secret(settings.metrics_token, environment)

    try:
        found = token()
    except ConfigurationError as failure:
        raise ConfigurationError(f"LUCKY_METRICS_TOKEN: {failure}") from None
    if len(found) < TOKEN_CHARS_MIN:
        raise ConfigurationError(f"LUCKY_METRICS_TOKEN: use {TOKEN_CHARS_MIN} characters or more")
    return token
