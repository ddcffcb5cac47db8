"""Serving: who is asked for a caller's name, and over which transport."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from lucky_mcp.app.gateway import open_gateway, policy_directory
from lucky_mcp.app.identity import authentication, check_identity, open_identity
from lucky_mcp.app.tokens import open_tokens
from lucky_mcp.app.watching import watched
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.demo import DEMO_DEFAULT, DemoTokens
from lucky_mcp.identity.tokens import Verify
from lucky_mcp.model.principal import Principal
from lucky_mcp.settings import Settings

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway
    from lucky_mcp.server.auth import AuthProvider
    from lucky_mcp.server.http_limits import HttpLimits


async def serve_stdio(
    settings: Settings, *, demo: bool, when_ready: Callable[[], None] = lambda: None
) -> None:
    """Serve the one client at the other end of stdin, as the principal of LUCKY_TOKEN.

    `when_ready` runs once nothing is left to be found wrong.
    """
    from lucky_mcp.gateway.start import settle
    from lucky_mcp.server.auth import token_caller
    from lucky_mcp.server.server import build_server
    from lucky_mcp.server.transports import serve_stdio as serve

    policy_directory(settings)
    secret = _stdio_secret(settings, demo=demo)
    async with open_gateway(settings) as gateway:
        verify = _verifier(settings, gateway, demo=demo)
        if verify(secret) is None:
            raise ConfigurationError("LUCKY_TOKEN is unknown or expired; make one: lucky-mcp token create")
        async with open_identity(settings, gateway, os.environ) as identity:
            server = build_server(
                gateway=gateway,
                identify=token_caller(secret, verify),
                new_reference=_new_reference,
                prompts=_prompts(settings),
                resolve=identity.on_behalf.caller,
                note=identity.refusals.note,
            )
            settle(gateway.policies, tell=not demo)
            when_ready()
            await serve(server)


def run(serving: Callable[[], Awaitable[None]]) -> None:
    """Run `serving`, a server over HTTP, to its end, on an event loop of its own."""
    anyio.run(serving, backend_options={"use_uvloop": True})


async def serve_http(
    settings: Settings,
    bound: socket.socket,
    *,
    demo: bool,
    environment: Mapping[str, str] = os.environ,
    when_ready: Callable[[], Awaitable[bool]] | None = None,
) -> None:
    """Serve /mcp, /sse, /health and what watches it; `when_ready` runs once requests are answered."""
    from lucky_mcp.gateway.start import settle
    from lucky_mcp.server.auth import DemoVerifier, bearer_caller
    from lucky_mcp.server.calls import CallsMiddleware
    from lucky_mcp.server.drain import Drain
    from lucky_mcp.server.server import build_server
    from lucky_mcp.server.transports import http_app
    from lucky_mcp.server.transports import serve_http as serve

    check_http(settings, demo=demo)
    drain = Drain()
    async with (
        open_gateway(settings, environment) as gateway,
        open_identity(settings, gateway, environment) as identity,
    ):
        if demo:
            verify = _verifier(settings, gateway, demo=True)
            auth: AuthProvider = DemoVerifier(verify, identity.refusals.note)
        else:
            auth = authentication(settings, gateway, identity)
        server = build_server(
            gateway=gateway,
            identify=bearer_caller,
            new_reference=_new_reference,
            prompts=_prompts(settings),
            auth=auth,
            resolve=identity.on_behalf.caller,
            note=identity.refusals.note,
            delegating=identity.delegating,
            calls=CallsMiddleware(drain=drain, calls_max=settings.calls_max),
        )
        settle(gateway.policies, tell=not demo)
        async with watched(settings, server, gateway, lambda: not drain.is_ready, environment):
            app = http_app(
                server,
                drain=drain,
                limits=_http_limits(settings),
                allowed_hosts=settings.hosts,
                allowed_origins=settings.allowed_origins,
            )
            await serve(app, bound, when_ready=when_ready)


def check_http(settings: Settings, *, demo: bool) -> None:
    """ConfigurationError when HTTP must not be served like this."""
    from lucky_mcp.server.transports import is_loopback

    if demo and not is_loopback(settings.host):
        raise ConfigurationError(
            f"{settings.host} is not loopback, and demo tokens, which anybody knows, are for this machine"
        )
    policy_directory(settings)
    if not demo:
        check_identity(settings)


def _http_limits(settings: Settings) -> HttpLimits:
    from lucky_mcp.server.http_limits import HttpLimits

    return HttpLimits(
        connections_max=settings.connections_max,
        body_bytes_max=settings.body_max_kb << 10,
        sse_streams_max=settings.sse_streams_max,
        sse_streams_per_caller_max=settings.sse_streams_per_caller_max,
        drain_s=settings.drain_s,
        # A post to a session may reach any worker, and only one knows the session.
        sse=settings.sse and settings.workers == 1,
    )


def _verifier(settings: Settings, gateway: Gateway, *, demo: bool) -> Verify:
    if not demo:
        return open_tokens(settings).verify

    def is_role(role: str) -> bool:
        return bool(gateway.visible.toolsets(Principal(subject=f"demo:{role}", roles=(role,))))

    return DemoTokens(is_role=is_role).verify


def _stdio_secret(settings: Settings, *, demo: bool) -> str:
    if settings.token is not None:
        return settings.token.get_secret_value()
    if demo:
        return DEMO_DEFAULT
    raise ConfigurationError(
        "LUCKY_TOKEN is not set, and stdio has no other way to tell who calls;"
        " make a token with: lucky-mcp token create"
    )


def _prompts(settings: Settings) -> Path:
    from lucky_mcp.server.texts import prompts_directory

    return settings.prompts or prompts_directory()


def _new_reference() -> str:
    return f"e-{secrets.token_hex(4)}"
