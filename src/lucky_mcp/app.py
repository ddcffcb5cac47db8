"""The composition root: the only file that makes objects out of settings."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.segmented import SegmentedSink
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.demo import DEMO_DEFAULT, DemoTokens
from lucky_mcp.identity.known_roles import refuse_unknown_roles, roles_for_tokens
from lucky_mcp.identity.tokens import NewToken, TokenStore, Verify
from lucky_mcp.limits.stops import StopFile
from lucky_mcp.model.principal import Principal
from lucky_mcp.settings import Settings, load_settings, own_policies

if TYPE_CHECKING:
    from lucky_mcp.gateway.catalog_review import Crawled
    from lucky_mcp.gateway.read import Gateway
    from lucky_mcp.model.source import Source


@asynccontextmanager
async def open_gateway(
    settings: Settings, environment: Mapping[str, str] = os.environ, *, with_datasets: bool = True
) -> AsyncIterator[Gateway]:
    """The gateway over the policy directory of `settings`, closed with everything it opened.

    `environment` fills in the `${NAME}`s of source URLs; without datasets only metadata can be read.
    """
    from lucky_mcp.adapters.registry import Registry
    from lucky_mcp.gateway.admission import Admission
    from lucky_mcp.gateway.background import in_background
    from lucky_mcp.gateway.execute import Executor
    from lucky_mcp.gateway.read import Gateway
    from lucky_mcp.gateway.refresh import keep_references_fresh, refresh_references
    from lucky_mcp.gateway.reload import Reloader, stamp
    from lucky_mcp.gateway.switches import Switches
    from lucky_mcp.gateway.system_datasets import with_system
    from lucky_mcp.gateway.watch_catalogs import CatalogWatch
    from lucky_mcp.policy.loader import load_policies
    from lucky_mcp.telemetry.logs import log_to_stderr

    log_to_stderr()
    directory = _policies(settings)
    loaded = stamp(directory)
    policies = with_system(load_policies(directory, environment, with_datasets=with_datasets))
    with closing(open_audit(settings, environment)) as audit:
        opened = operator_event("policy.loaded", policies.digest, f"{len(policies.sources)} sources", _now())
        audit.write(opened)
        gateway = Gateway(
            policies=policies,
            executor=Executor(Registry(token_keys=settings.token_keys(environment))),
            audit=audit,
            now=_now,
            new_id=_new_receipt,
            switches=Switches(open_stops(settings)),
            admission=Admission(settings.meter(environment)),
        )
        try:
            if not with_datasets:
                yield gateway
                return
            await refresh_references(gateway, _now)
            watch = CatalogWatch(gateway, audit, settings.catalog_refresh_s, now=_now, chance=random.random)
            reloader = Reloader(
                gateway, directory, audit=audit, now=_now, environment=environment, loaded=loaded
            )
            reloads = reloader.keep(settings.policies_reload_s)
            async with in_background(keep_references_fresh(gateway, _now), watch.keep(), reloads):
                yield gateway
        finally:
            await gateway.close()


def open_audit(settings: Settings, environment: Mapping[str, str] = os.environ) -> SegmentedSink:
    """The audit log below the state directory: a chain of this process's own until it is closed."""
    keys = settings.audit_keys(environment)
    return SegmentedSink(settings.audit_directory, keys, now=_now, rotation=settings.audit_rotation)


def open_stops(settings: Settings) -> StopFile:
    """What operators have stopped, below the state directory."""
    return StopFile(settings.stops_path, now=_now)


def open_tokens(settings: Settings) -> TokenStore:
    """The token file below the state directory."""
    return TokenStore(settings.tokens_path, now=_now, random_bytes=secrets.token_bytes)


def demo_settings(directory: Path, *, port: int) -> Settings:
    """Settings of the demo whose files are in `directory`: its own state, and this machine only."""
    given = load_settings(state=directory / "state", host="127.0.0.1", port=port)
    return given if given.policies else given.model_copy(update={"policies": own_policies()})


def demo_environment(directory: Path) -> Mapping[str, str]:
    """The environment in which the sources of the demo's policies are the files in `directory`."""
    return {**os.environ, "DEMO_DATA": str(directory.resolve())}


def create_token(
    settings: Settings,
    *,
    subject: str,
    roles: tuple[str, ...],
    attributes: Mapping[str, tuple[str, ...]],
    expires_days: int | None,
) -> NewToken:
    """Make a token that the audit knows of; ValueError when a subject, role or attribute may not be.

    Roles are looked up in the policies when `settings` name some.
    """
    from lucky_mcp.gateway import operators

    if settings.policies is not None:
        refuse_unknown_roles(roles, roles_for_tokens(settings.policies))
    holder, days = Principal(subject=subject, roles=roles, attributes=attributes), expires_days
    with closing(open_audit(settings)) as audit:
        return operators.create_token(open_tokens(settings), audit, holder, days, _now())


def revoke_token(settings: Settings, token_id: str) -> bool:
    """Take a token out of use; False when there is none of that id."""
    from lucky_mcp.gateway import operators

    with closing(open_audit(settings)) as audit:
        return operators.revoke_token(open_tokens(settings), audit, token_id, _now())


async def serve_stdio(settings: Settings, *, demo: bool) -> None:
    """Serve the one client at the other end of stdin, as the principal of LUCKY_TOKEN."""
    from lucky_mcp.gateway.start import settle
    from lucky_mcp.server.auth import token_caller
    from lucky_mcp.server.server import build_server
    from lucky_mcp.server.transports import serve_stdio as serve

    _policies(settings)
    secret = _stdio_secret(settings, demo=demo)
    async with open_gateway(settings) as gateway:
        verify = _verifier(settings, gateway, demo=demo)
        if verify(secret) is None:
            raise ConfigurationError("LUCKY_TOKEN is unknown or expired; make one: lucky-mcp token create")
        server = build_server(
            gateway=gateway,
            identify=token_caller(secret, verify),
            new_reference=_new_reference,
            prompts=_prompts(settings),
        )
        settle(gateway.policies)
        await serve(server)


async def serve_http(
    settings: Settings,
    bound: socket.socket,
    *,
    demo: bool,
    environment: Mapping[str, str] = os.environ,
    when_ready: Callable[[], Awaitable[bool]] | None = None,
) -> None:
    """Serve /mcp and /health on `bound`; `when_ready` runs once requests are answered."""
    from lucky_mcp.gateway.start import settle
    from lucky_mcp.server.auth import BearerVerifier, DemoVerifier, bearer_caller
    from lucky_mcp.server.server import build_server
    from lucky_mcp.server.transports import http_app
    from lucky_mcp.server.transports import serve_http as serve

    check_http(settings, demo=demo)
    async with open_gateway(settings, environment) as gateway:
        verify = _verifier(settings, gateway, demo=demo)
        server = build_server(
            gateway=gateway,
            identify=bearer_caller,
            new_reference=_new_reference,
            prompts=_prompts(settings),
            auth=DemoVerifier(verify) if demo else BearerVerifier(verify),
        )
        settle(gateway.policies)
        app = http_app(server, allowed_hosts=settings.allowed_hosts, allowed_origins=settings.allowed_origins)
        await serve(app, bound, when_ready=when_ready)


def check_http(settings: Settings, *, demo: bool) -> None:
    """ConfigurationError when HTTP must not be served like this."""
    from lucky_mcp.server.transports import is_loopback

    if demo and not is_loopback(settings.host):
        raise ConfigurationError(
            f"{settings.host} is not loopback, and demo tokens, which anybody knows, are for this machine"
        )
    _policies(settings)
    if not demo and not open_tokens(settings).tokens():
        raise ConfigurationError(
            f"{settings.tokens_path}: no token exists, so nobody could call; run: lucky-mcp token create"
        )


async def crawl_catalogs(settings: Settings, sources: list[str], *, propose: bool) -> AsyncIterator[Crawled]:
    """Crawl the sources, all when none is named, as `system:catalog`; with `propose` write the proposals."""
    from lucky_mcp.gateway.catalog_review import crawled, sources_to_crawl

    async with open_gateway(settings, with_datasets=False) as gateway:
        folder = _policies(settings) / "catalog" if propose else None
        async for each in crawled(gateway, sources_to_crawl(gateway, sources), propose_in=folder):
            yield each


async def accept_catalog(settings: Settings, source: str) -> str:
    """Make the proposal for `source` the reviewed catalog; one line per change."""
    from lucky_mcp.catalog.loader import accept

    name = source_name(settings, source)
    with closing(
        open_audit(settings)
    ) as audit:  # before anything changes: what cannot be recorded is not accepted
        changes = accept(_policies(settings) / "catalog", name)
        audit.write(operator_event("catalog.accepted", name, _counted(len(changes)), _now()))
    return "\n".join([f"{name}: accepted, {_counted(len(changes))}", *changes])


async def check_sources(sources: list[Source]) -> dict[str, str]:
    """Connect to each source once, all at the same time; by name, what keeps it from being read."""
    from lucky_mcp.adapters.registry import Registry
    from lucky_mcp.gateway.execute import Executor

    executor = Executor(Registry())
    faults = await asyncio.gather(*(executor.check(each) for each in sources))
    await executor.close()
    return {each.name: fault for each, fault in zip(sources, faults, strict=True) if fault}


def source_name(settings: Settings, source: str) -> str:
    """The full name of a source in the policies; ConfigurationError when there is none."""
    from lucky_mcp.policy.loader import load_policies

    found = load_policies(_policies(settings), os.environ, with_datasets=False).source(source)
    if found is None:
        raise ConfigurationError(f"{source}: there is no such source in sources.yaml")
    return found.name


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


def _policies(settings: Settings) -> Path:
    if settings.policies is None:
        raise ConfigurationError("which policies? give --policies DIR, or set LUCKY_POLICIES")
    return settings.policies


def _prompts(settings: Settings) -> Path:
    from lucky_mcp.server.texts import prompts_directory

    return settings.prompts or prompts_directory()


def _counted(changes: int) -> str:
    return f"{changes} change{'' if changes == 1 else 's'}"


def _new_receipt() -> str:
    return f"r-{secrets.token_hex(8)}"


def _new_reference() -> str:
    return f"e-{secrets.token_hex(4)}"


def _now() -> datetime:
    return datetime.now(UTC)
