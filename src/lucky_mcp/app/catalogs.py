"""Sources and their catalogs: connecting once, crawling, and accepting what was found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import closing
from typing import TYPE_CHECKING

from lucky_mcp.app.gateway import now, open_audit, open_gateway, policy_directory
from lucky_mcp.audit.events import operator_event
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.settings import Settings

if TYPE_CHECKING:
    from lucky_mcp.gateway.catalog_review import Crawled
    from lucky_mcp.model.source import Source


async def crawl_catalogs(settings: Settings, sources: list[str], *, propose: bool) -> AsyncIterator[Crawled]:
    """Crawl the sources, all when none is named, as `system:catalog`; with `propose` write the proposals."""
    from lucky_mcp.gateway.catalog_review import crawled, sources_to_crawl

    async with open_gateway(settings, with_datasets=False) as gateway:
        folder = policy_directory(settings) / "catalog" if propose else None
        async for each in crawled(gateway, sources_to_crawl(gateway, sources), propose_in=folder):
            yield each


async def accept_catalog(settings: Settings, source: str) -> str:
    """Make the proposal for `source` the reviewed catalog; one line per change."""
    from lucky_mcp.catalog.loader import accept

    name = source_name(settings, source)
    with closing(
        open_audit(settings)
    ) as audit:  # before anything changes: what cannot be recorded is not accepted
        changes = accept(policy_directory(settings) / "catalog", name)
        audit.write(operator_event("catalog.accepted", name, _counted(len(changes)), now()))
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

    found = load_policies(policy_directory(settings), os.environ, with_datasets=False).source(source)
    if found is None:
        raise ConfigurationError(f"{source}: there is no such source in sources.yaml")
    return found.name


def _counted(changes: int) -> str:
    return f"{changes} change{'' if changes == 1 else 's'}"
