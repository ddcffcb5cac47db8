"""What a read would cost its server, asked only where it matters, and whether the server can bear it now."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from math import prod
from typing import Generic, TypeVar

import structlog

from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedSql
from lucky_mcp.enforcement.probes import load_of, plan_of, sizes_of, steps_of
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.gateway.weight import Weight
from lucky_mcp.model.names import TableName
from lucky_mcp.model.probe import Answer, Load, Plan, Sizes, Step
from lucky_mcp.model.source import Dialect, Kind, Limits, Source

# A read whose tables cannot give more rows than this, however they are joined, is never estimated.
SMALL_ROWS = 100_000.0
PLAN_SECONDS = 300.0
SIZE_SECONDS = 600.0
LOAD_SECONDS = 2.0
KEPT_MAX = 4_000
# An estimate may fail as the query itself would: then the query says so. These say something else.
TELLING = frozenset({EngineErrorKind.UNAVAILABLE, EngineErrorKind.BUSY})
EXPLAINED = frozenset({Kind.MYSQL, Kind.POSTGRES})
log = structlog.get_logger(__name__)

Ask = Callable[[GuardedProbe], Awaitable[Answer]]
T = TypeVar("T")


class Estimates:
    """Asks servers for plans, sizes and loads, and keeps each answer for as long as it may be relied on."""

    def __init__(self, ask: Ask, now: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._plans: _Kept[float | None] = _Kept(PLAN_SECONDS, now)
        self._sizes: _Kept[float | None] = _Kept(SIZE_SECONDS, now)
        self._loads: _Kept[Load] = _Kept(LOAD_SECONDS, now)

    async def refuse_costly(self, read: GuardedSql, weight: Weight, server: Source) -> None:
        """Raise EngineError TOO_EXPENSIVE or LOADED when `server` should not run the read now."""
        limits = read.source.limits
        is_needed = limits.rows_examined_max is not None or server.is_production_writer
        if not is_needed or not _is_asked(read.source) or weight.is_light:
            return
        if await self._is_small(weight, server):
            return
        rows = await self._examined(read, server)
        most = limits.rows_examined_max
        if rows is not None and most is not None and rows > most:
            detail = f"about {rows:.3g} rows examined, over {most}"
            raise EngineError(EngineErrorKind.TOO_EXPENSIVE, detail)
        if server.is_production_writer and (rows is None or rows >= limits.rows_examined_heavy):
            await self._refuse_loaded(server, limits)

    async def rows_of(self, weight: Weight, server: Source) -> dict[str, float]:
        """Return about how many rows each of the read's tables has, as far as it is known; for advice."""
        try:
            found = await self.sizes_of(weight.tables, server)
        except EngineError:
            return {}
        return {str(table): rows for table, rows in found.items()}

    async def steps_of(self, read: GuardedSql, server: Source) -> tuple[Step, ...]:
        """Return what the server's plan of the read's own text reads; EngineError when it tells none."""
        if not _is_asked(read.source):
            raise EngineError(EngineErrorKind.INVALID_QUERY, "it is not asked for plans")
        probe, scans = steps_of(server, read)
        told = await self._ask(probe)
        if not isinstance(told, Plan):
            raise TypeError("a plan was asked for")
        named = ((step, scans.get(step.table)) for step in told.steps)
        return tuple(replace(step, table=str(table)) if table else step for step, table in named)

    async def sizes_of(self, tables: tuple[TableName, ...], server: Source) -> dict[TableName, float]:
        """Return about how many rows tables have by the server's statistics, where it says so."""
        await self._ask_sizes(tables, server)
        found = {table: self._sizes.find((server.name, table)) for table in tables}
        return {table: kept[0] for table, kept in found.items() if kept and kept[0] is not None}

    async def _is_small(self, weight: Weight, server: Source) -> bool:
        if weight.is_opaque:
            return False
        try:
            await self._ask_sizes(weight.tables, server)
        except EngineError as failure:
            if failure.kind in TELLING:
                raise
            return False
        sizes = [self._sizes.find((server.name, scan.table)) for scan in weight.scans if not scan.by_key]
        known = [max(kept[0], 1.0) for kept in sizes if kept and kept[0] is not None]
        return len(known) == len(sizes) and prod(known) <= SMALL_ROWS

    async def _ask_sizes(self, tables: tuple[TableName, ...], server: Source) -> None:
        unknown = tuple(each for each in tables if self._sizes.find((server.name, each)) is None)
        if not unknown:
            return
        told = await self._ask(sizes_of(server, unknown))
        for table in unknown:
            rows = told.rows.get(table) if isinstance(told, Sizes) else None
            self._sizes.keep((server.name, table), rows)

    async def _examined(self, read: GuardedSql, server: Source) -> float | None:
        """Return the estimate; None when the server cannot explain the text: running it says why."""
        key = (server.name, hashlib.sha256(read.text_sent.encode()).digest())
        kept = self._plans.find(key)
        if kept is not None:
            return kept[0]
        try:
            told = await self._ask(plan_of(server, read))
        except EngineError as failure:
            if failure.kind in TELLING:
                raise
            if failure.kind is EngineErrorKind.TIMEOUT:
                raise EngineError(EngineErrorKind.TOO_EXPENSIVE, "planning it takes too long") from None
            log.info("not_estimated", source=server.name, kind=failure.kind.value)
            return None
        rows = told.rows if isinstance(told, Plan) else None
        if rows is None:
            raise EngineError(EngineErrorKind.TOO_EXPENSIVE, "the plan does not tell how much it reads")
        self._plans.keep(key, rows)
        return rows

    async def _refuse_loaded(self, server: Source, limits: Limits) -> None:
        kept = self._loads.find(server.name)
        if kept is None:
            told = await self._ask(load_of(server))
            if not isinstance(told, Load):
                raise TypeError("a load was asked for")
            self._loads.keep(server.name, told)
            kept = (told,)
        (load,) = kept
        if load.running is None or load.long_running is None:
            raise EngineError(EngineErrorKind.LOADED, f"its load cannot be told: {load.why}")
        if load.running > limits.running_max or load.long_running > limits.long_running_max:
            detail = f"{load.running} statements run, {load.long_running} of them for long"
            raise EngineError(EngineErrorKind.LOADED, detail)


class _Kept(Generic[T]):
    """Answers by key, each for some seconds, the newest KEPT_MAX; a hit is a tuple of one answer."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()

    def find(self, key: Hashable) -> tuple[T] | None:
        entry = self._kept.get(key)
        return (entry[1],) if entry is not None and self._now() < entry[0] else None

    def keep(self, key: Hashable, answer: T) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (self._now() + self._seconds, answer)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)


def _is_asked(source: Source) -> bool:
    return source.kind in EXPLAINED and source.dialect is not Dialect.DORIS
