"""Crawls of many sources for a reviewer: each compared with its snapshot, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lucky_mcp.catalog.differences import differences
from lucky_mcp.catalog.loader import propose
from lucky_mcp.errors import ConfigurationError, LuckyError
from lucky_mcp.gateway.crawl import CRAWLERS, crawl
from lucky_mcp.gateway.system_datasets import reviewed_part

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Crawled:
    """One source as it is now: its differences from the snapshot, or why it could not be crawled."""

    source: str
    tables: int = 0
    changes: tuple[str, ...] = ()
    proposed: Path | None = None
    failure: str = ""


def sources_to_crawl(gateway: Gateway, names: Sequence[str]) -> tuple[str, ...]:
    """Return the full names, of every active source when none is given; ConfigurationError if unknown."""
    if not names:
        known = gateway.policies.sources.values()
        return tuple(each.name for each in known if each.status == "active" and each.kind in CRAWLERS)
    found = []
    for name in names:
        source = gateway.policies.source(name)
        if source is None:
            raise ConfigurationError(f"{name}: there is no such source in sources.yaml")
        found.append(source.name)
    return tuple(found)


async def crawled(
    gateway: Gateway, names: Sequence[str], *, propose_in: Path | None, at_once: int = AT_ONCE
) -> AsyncIterator[Crawled]:
    """Yield what each crawl found, in the order in which they end; one that fails stops no other.

    With `propose_in` each is written there as a proposal.
    """
    places = asyncio.Semaphore(at_once)

    async def one(name: str) -> Crawled:
        async with places:
            return await _crawled(gateway, name, propose_in)

    for done in asyncio.as_completed([one(name) for name in names]):
        yield await done


async def _crawled(gateway: Gateway, name: str, propose_in: Path | None) -> Crawled:
    try:
        found = await crawl(gateway, name)
    except LuckyError as failure:
        return Crawled(source=name, failure=str(failure))
    return Crawled(
        source=name,
        tables=len(found.tables),
        changes=differences(reviewed_part(gateway.policies.catalogs[name]), found),
        proposed=propose(propose_in, found) if propose_in is not None else None,
    )
