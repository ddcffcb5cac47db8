"""Runs a guarded read: the only caller of an adapter's `run`."""

from __future__ import annotations

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.gateway.breaker import Breakers
from lucky_mcp.gateway.bulkhead import Bulkhead
from lucky_mcp.model.source import Source

# What came back, under a name of this package: nothing else here may know the adapters.
Executed = EngineRows


class ExecutionFailed(Exception):
    """The read failed in the engine; `detail` holds the driver's words, for the audit only."""

    def __init__(self, failure: EngineError) -> None:
        super().__init__(failure.kind.value)
        self.kind = failure.kind
        self.detail = failure.detail


class Executor:
    """Runs reads on the adapters of a registry."""

    def __init__(
        self, registry: Registry, *, bulkhead: Bulkhead | None = None, breakers: Breakers | None = None
    ) -> None:
        self._registry = registry
        self._bulkhead = bulkhead or Bulkhead()
        self._breakers = breakers or Breakers()

    async def execute(self, read: GuardedSql, caller: str) -> Executed:
        """Return the rows; ExecutionFailed when the engine refuses, fails, is busy or out of time.

        `caller` is the subject whose share of the source the read takes.
        """
        try:
            async with self._bulkhead.place(caller, read.source):
                self._breakers.check(read.source)
                return await self._executed(read)
        except EngineError as failure:
            raise ExecutionFailed(failure) from None

    async def _executed(self, read: GuardedSql) -> Executed:
        """A read that waited in vain or was stopped by us says nothing about the source."""
        try:
            rows = await self._registry.adapter(read.source).run(read, fenced=read.always_fenced)
        except EngineError as failure:
            if failure.kind is EngineErrorKind.UNAVAILABLE:
                self._breakers.away(read.source)
            elif failure.kind not in {EngineErrorKind.BUSY, EngineErrorKind.CANCELLED}:
                self._breakers.answered(read.source)
            raise
        self._breakers.answered(read.source)
        return rows

    async def check(self, source: Source) -> str:
        """Return what keeps a source on a server from being read, for operators; empty when nothing does."""
        try:
            await self._registry.check(source)
        except EngineError as failure:
            return f"{failure.kind}: {' '.join(failure.detail.split())}"
        return ""

    async def close(self) -> None:
        """Close every adapter."""
        await self._registry.close()
