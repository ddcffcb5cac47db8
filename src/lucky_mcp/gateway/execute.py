"""Runs a guarded read: the only caller of an adapter's `run`.

An engine may evaluate the agent's predicate on rows that the filter drops, and an error would tell about
them. Behind fences it cannot. Where fences are cheap they always stand; elsewhere a read that failed runs
again behind them, and only that outcome counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from lucky_mcp.adapters.base import Adapter, EngineRows
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.enforcement.guarded import GuardedSql
from lucky_mcp.errors import EngineError, EngineErrorKind


@dataclass(frozen=True, kw_only=True)
class Executed:
    """What came back, and whether the fenced text had to run."""

    rows: EngineRows
    fenced_retry: bool


class ExecutionFailed(Exception):
    """The read failed in the engine; `detail` holds the driver's words, for the audit only."""

    def __init__(self, failure: EngineError, *, fenced_retry: bool) -> None:
        super().__init__(failure.kind.value)
        self.kind = failure.kind
        self.detail = failure.detail
        self.fenced_retry = fenced_retry


class Executor:
    """Runs reads on the adapters of a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def execute(self, read: GuardedSql) -> Executed:
        """Return the rows; ExecutionFailed when the engine refuses, fails or is out of time."""
        try:
            adapter = self._registry.adapter(read.source)
            rows = await adapter.run(read, fenced=read.always_fenced)
            return Executed(rows=rows, fenced_retry=False)
        except EngineError as failure:
            if failure.kind is not EngineErrorKind.RUNTIME or read.always_fenced:
                raise ExecutionFailed(failure, fenced_retry=False) from None
        return await self._fenced(adapter, read)

    async def _fenced(self, adapter: Adapter, read: GuardedSql) -> Executed:
        try:
            return Executed(rows=await adapter.run(read, fenced=True), fenced_retry=True)
        except EngineError as failure:
            raise ExecutionFailed(failure, fenced_retry=True) from None

    async def close(self) -> None:
        """Close every adapter."""
        await self._registry.close()
