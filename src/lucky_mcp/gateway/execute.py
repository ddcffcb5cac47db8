"""Runs a guarded read: the only caller of an adapter's `run` and `probe`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass

from lucky_mcp.adapters.base import EngineRows, Usage
from lucky_mcp.adapters.registry import Registry
from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedRead, GuardedSql, marked
from lucky_mcp.enforcement.mark import Mark
from lucky_mcp.enforcement.probes import lag_of, load_of
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.gateway.breaker import Breakers
from lucky_mcp.gateway.bulkhead import Bulkhead
from lucky_mcp.gateway.estimates import Estimates
from lucky_mcp.gateway.marks import Marks
from lucky_mcp.gateway.routes import Route, Router
from lucky_mcp.gateway.weight import Weight
from lucky_mcp.model.names import TableName
from lucky_mcp.model.probe import Answer, Lag, Load, Step
from lucky_mcp.model.source import SERVERS, Source
from lucky_mcp.telemetry.steps import statement

# What another server of the same source may answer instead.
ELSEWHERE = frozenset({EngineErrorKind.UNAVAILABLE, EngineErrorKind.GIVEN_UP})
# What says nothing about whether the server is there.
SILENT = frozenset({EngineErrorKind.BUSY, EngineErrorKind.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class Executed:
    """What came back, and from where."""

    rows: EngineRows
    route: Route


class ExecutionFailed(Exception):
    """The read failed in the engine; `detail` holds the driver's words, for the audit only.

    `server` says which server of the source it was, "" where there is no choice.
    """

    def __init__(self, failure: EngineError, server: str = "") -> None:
        super().__init__(failure.kind.value)
        self.kind = failure.kind
        self.detail = failure.detail
        self.server = server


class Executor:
    """Runs reads on the adapters of a registry."""

    def __init__(
        self,
        registry: Registry,
        *,
        bulkhead: Bulkhead | None = None,
        breakers: Breakers | None = None,
        marks: Marks | None = None,
    ) -> None:
        """`marks` say to servers who asks; without a key for them, only under which receipt."""
        self._registry = registry
        self._marks = marks or Marks()
        self._bulkhead = bulkhead or Bulkhead()
        self._breakers = breakers or Breakers()
        self._router = Router(self._lag)
        self._estimates = Estimates(self._asked)

    async def execute(self, read: GuardedRead, caller: str, weight: Weight, receipt: str = "") -> Executed:
        """Return the rows; ExecutionFailed when the engine refuses, fails, is busy or out of time.

        `caller` is the subject whose share of the source the read takes, `weight` what is known of its cost,
        `receipt` what the server's logs may find it by.
        """
        mark = self._marks.of(caller, receipt)
        try:
            async with self._bulkhead.place(caller, read.source):
                return await self._routed(read, weight, mark)
        except EngineError as failure:
            raise ExecutionFailed(failure) from None

    async def _routed(self, read: GuardedRead, weight: Weight, mark: Mark) -> Executed:
        """Ask one server after the other, as long as half of the read's time is left for the next."""
        half_time = time.monotonic() + read.bound.timeout_ms / 2000
        async with aclosing(self._router.routes(read.source)) as routes:
            async for route in routes:
                try:
                    if isinstance(read, GuardedSql):
                        await self._estimates.refuse_costly(read, weight, route.source)
                    return Executed(rows=await self._executed(read, route.source, mark), route=route)
                except EngineError as failure:
                    may_go_on = failure.kind in ELSEWHERE and route.source is not read.source
                    if not may_go_on or time.monotonic() > half_time:
                        raise ExecutionFailed(failure, route.record) from None
        raise EngineError(EngineErrorKind.STALE)  # the last route is never gone on from

    async def is_affordable(self, read: GuardedSql, weight: Weight) -> bool:
        """Whether the server that would run the read now can bear it."""
        try:
            async with aclosing(self._router.routes(read.source)) as routes:
                route = await anext(routes)
                await self._estimates.refuse_costly(read, weight, route.source)
        except EngineError:
            return False
        return True

    async def rows_of(self, read: GuardedSql, weight: Weight) -> Mapping[str, float]:
        """Return about how many rows the read's tables have, for advice; empty when it is not known."""
        try:
            async with aclosing(self._router.routes(read.source)) as routes:
                route = await anext(routes)
                return await self._estimates.rows_of(weight, route.source)
        except EngineError:
            return {}

    async def plan_of(
        self, read: GuardedSql, caller: str, tables: tuple[TableName, ...]
    ) -> tuple[tuple[Step, ...], Mapping[TableName, float]]:
        """Return the steps of a read's plan and about how many rows each table has; ExecutionFailed else."""
        try:
            async with (
                self._bulkhead.place(caller, read.source),
                aclosing(self._router.routes(read.source)) as routes,
            ):
                route = await anext(routes)
                steps = await self._estimates.steps_of(read, route.source)
                return steps, await self._estimates.sizes_of(tables, route.source)
        except EngineError as failure:
            raise ExecutionFailed(failure) from None

    async def _executed(self, read: GuardedRead, source: Source, mark: Mark) -> EngineRows:
        """A read that waited in vain or was stopped by us says nothing about the server."""
        self._breakers.check(source)
        sent = read
        if isinstance(read, GuardedSql) and source.kind in SERVERS:
            sent = marked(read, mark)
        try:
            with statement(read.source.name, source.kind.value):
                async with self._registry.held(source) as adapter:
                    rows = await adapter.run(sent, fenced=read.always_fenced)
        except EngineError as failure:
            self._heard(source, failure)
            raise
        self._breakers.answered(source)
        return rows

    async def _lag(self, replica: Source) -> Lag:
        answer = await self._asked(lag_of(replica))
        if not isinstance(answer, Lag):
            raise TypeError("a lag was asked for")
        return answer

    async def _asked(self, probe: GuardedProbe) -> Answer:
        self._breakers.check(probe.source)
        try:
            async with self._registry.probeable(probe.source) as adapter:
                answer = await adapter.probe(probe)
        except EngineError as failure:
            self._heard(probe.source, failure)
            raise
        self._breakers.answered(probe.source)
        return answer

    def _heard(self, source: Source, failure: EngineError) -> None:
        if failure.kind is EngineErrorKind.UNAVAILABLE:
            self._breakers.away(source)
        elif failure.kind not in SILENT:
            self._breakers.answered(source)

    async def check(self, source: Source) -> str:
        """Return what keeps a source on a server from being read, for operators; empty when nothing does."""
        faults = [await self._fault(source)]
        if source.is_production_writer and not faults[0]:
            faults.append(await self._load_fault(source))
        for number, replica in enumerate(source.as_replicas, start=1):
            fault = await self._fault(replica) or await self._lag_fault(replica)
            faults.append(f"replica {number}: {fault}" if fault else "")
        return "; ".join(fault for fault in faults if fault)

    async def _fault(self, source: Source) -> str:
        try:
            await self._registry.check(source)
        except EngineError as failure:
            return _words(failure)
        return ""

    async def _lag_fault(self, replica: Source) -> str:
        try:
            lag = await self._lag(replica)
        except EngineError as failure:
            return _words(failure)
        return f"its lag cannot be told: {lag.why}" if lag.seconds is None else ""

    async def _load_fault(self, source: Source) -> str:
        try:
            load = await self._asked(load_of(source))
        except EngineError as failure:
            return _words(failure)
        return f"its load cannot be told: {load.why}" if isinstance(load, Load) and load.why else ""

    def usages(self) -> list[tuple[str, Usage]]:
        """Return how many connections each source that was read has, by its name."""
        return self._registry.usages()

    def failing(self) -> list[tuple[str, int, bool]]:
        """Return each source on a server with how often in a row it was away, and whether it rests now."""
        return self._breakers.failing()

    def under_way(self) -> tuple[int, int]:
        """Return how many callers have reads under way, and how many reads."""
        return self._bulkhead.under_way()

    async def close(self) -> None:
        """Close every adapter."""
        await self._registry.close()


def _words(failure: EngineError) -> str:
    return f"{failure.kind}: {' '.join(failure.detail.split())}"


def embedded_executor() -> Executor:
    """Return an executor for files of the embedded engine, which need neither passwords nor keys."""
    return Executor(Registry(environment={}))
