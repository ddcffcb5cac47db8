"""The gateway and what stands beside it, made of settings."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.segmented import SegmentedSink
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.limits.stops import StopFile
from lucky_mcp.settings import Settings
from lucky_mcp.telemetry.steps import timed_sync

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway


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
    from lucky_mcp.gateway.marks import Marks
    from lucky_mcp.gateway.read import Gateway
    from lucky_mcp.gateway.refresh import keep_references_fresh, refresh_references
    from lucky_mcp.gateway.reload import Reloader, stamp
    from lucky_mcp.gateway.switches import Switches
    from lucky_mcp.gateway.system_datasets import with_system
    from lucky_mcp.gateway.watch_catalogs import CatalogWatch
    from lucky_mcp.policy.loader import load_policies
    from lucky_mcp.telemetry.logs import log_to_stderr

    log_to_stderr()
    directory = policy_directory(settings)
    loaded = stamp(directory)
    policies = with_system(load_policies(directory, environment, with_datasets=with_datasets))
    with closing(open_audit(settings, environment)) as audit:
        opened = operator_event("policy.loaded", policies.digest, f"{len(policies.sources)} sources", now())
        audit.write(opened)
        gateway = Gateway(
            policies=policies,
            executor=Executor(
                Registry(token_keys=settings.token_keys(environment)),
                marks=Marks(settings.audit_keys(environment).current.callers),
            ),
            audit=audit,
            now=now,
            new_id=_new_receipt,
            switches=Switches(open_stops(settings)),
            admission=Admission(settings.meter(environment)),
        )
        try:
            if not with_datasets:
                yield gateway
                return
            await refresh_references(gateway, now)
            watch = CatalogWatch(gateway, audit, settings.catalog_refresh_s, now=now, chance=random.random)
            reloader = Reloader(
                gateway, directory, audit=audit, now=now, environment=environment, loaded=loaded
            )
            reloads = reloader.keep(settings.policies_reload_s)
            async with in_background(keep_references_fresh(gateway, now), watch.keep(), reloads):
                yield gateway
        finally:
            await gateway.close()


def open_audit(settings: Settings, environment: Mapping[str, str] = os.environ) -> SegmentedSink:
    """The audit log below the state directory: a chain of this process's own until it is closed."""
    keys = settings.audit_keys(environment)
    return SegmentedSink(
        settings.audit_directory,
        keys,
        now=now,
        rotation=settings.audit_rotation,
        sync_file=timed_sync(os.fsync),
    )


def open_stops(settings: Settings) -> StopFile:
    """What operators have stopped, below the state directory."""
    return StopFile(settings.stops_path, now=now)


def policy_directory(settings: Settings) -> Path:
    """Where the policies are; ConfigurationError when nobody said."""
    if settings.policies is None:
        raise ConfigurationError("which policies? give --policies DIR, or set LUCKY_POLICIES")
    return settings.policies


def now() -> datetime:
    """The clock of this process, in UTC."""
    return datetime.now(UTC)


def _new_receipt() -> str:
    return f"r-{secrets.token_hex(8)}"
