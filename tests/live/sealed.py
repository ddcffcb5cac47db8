"""Texts sealed by a test, to ask an adapter what no guarded text could."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.enforcement.guarded import GuardedSql, seal_sql
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.decision import Bound
from lucky_mcp.model.source import Source
from tests.live.fleet import ENVIRONMENT

BOUND = Bound(rows_max=100, rows_default=100, bytes_max=100_000, cell_chars_max=2000, timeout_ms=10_000)


def sealed(source: Source, text: str, *, rows_max: int = 100, **bound: int) -> GuardedSql:
    """Return the text as if the guard had made it."""
    return seal_sql(
        source=source,
        text_agent=text,
        text=text,
        text_fenced=text,
        bound=replace(BOUND, **bound),
        rows_max=rows_max,
        always_fenced=True,
        holds_time=False,
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One source on a registry of its own."""

    registry: Registry
    source: Source

    async def rows(self, text: str, **bound: int) -> EngineRows:
        """Return what the engine gives."""
        adapter = self.registry.adapter(self.source)
        return await adapter.run(sealed(self.source, text, **bound), fenced=True)

    async def close(self) -> None:
        """Close what it opened."""
        await self.registry.close()

    async def cell(self, text: str) -> object:
        """Return the first cell."""
        return (await self.rows(text)).rows[0][0]

    async def failure(self, text: str, **bound: int) -> EngineErrorKind:
        """Return how the text fails; AssertionError when it does not."""
        return (await self.error(text, **bound)).kind

    async def error(self, text: str, **bound: int) -> EngineError:
        """Return the error; AssertionError when there is none."""
        try:
            rows = await self.rows(text, **bound)
        except EngineError as failure:
            return failure
        raise AssertionError(f"answered {rows.rows}")


Ask = Callable[..., Asked]
"""`ask(source)` or `ask(source, environment)`: the source with no connection open, closed with the test."""


@asynccontextmanager
async def asking() -> AsyncIterator[Ask]:
    """Make sources that are closed at the end."""
    made: list[Asked] = []

    def asked(source: Source, environment: Mapping[str, str] = ENVIRONMENT) -> Asked:
        made.append(Asked(registry=Registry(environment), source=source))
        return made[-1]

    try:
        yield asked
    finally:
        for each in made:
            await each.close()
