"""Which server of a source answers a read: a replica that is near enough to its primary, else the writer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.probe import Lag
from lucky_mcp.model.source import Source

# A lag that was measured is taken for true this long; that much is added to it by the end.
FRESH_SECONDS = 2.0
# A replica that could not be asked is not asked again for so long: asking may take seconds.
FAILED_SECONDS = 10.0
log = structlog.get_logger(__name__)

Measure = Callable[[Source], Awaitable[Lag]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """A server to run a read on. `server` is "" where there is no choice, `note` is for the caller's receipt.

    `passed_over` says which replicas were not asked, and why, for the audit.
    """

    source: Source
    server: str = ""
    note: str = ""
    passed_over: tuple[str, ...] = ()

    @property
    def record(self) -> str:
        """What the audit keeps of it."""
        return "; ".join(part for part in (self.server, *self.passed_over) if part)


@dataclass
class _Reading:
    source: Source
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    lag: Lag | None = None
    at: float = 0.0
    until: float = 0.0


class Router:
    """Chooses servers by lags that are at most FRESH_SECONDS old; one read measures, others wait for it."""

    def __init__(self, measure: Measure, now: Callable[[], float] = time.monotonic) -> None:
        self._measure = measure
        self._now = now
        self._readings: dict[str, _Reading] = {}

    async def routes(self, source: Source) -> AsyncGenerator[Route]:
        """Yield the servers to try, one after the other, the writer last where it may serve.

        EngineError STALE at the end when nobody was left to ask.
        """
        if not source.replicas:
            yield Route(source=source)
            return
        passed_over: list[str] = []
        for number, replica in enumerate(source.as_replicas, start=1):
            lag = await self._lag(replica)
            refusal = _refusal(lag, source)
            if refusal:
                passed_over.append(f"replica {number} not asked: {refusal}")
                log.warning("replica_not_asked", source=source.name, replica=number, why=refusal)
                continue
            yield _on_replica(replica, source, number, lag.seconds or 0.0, passed_over)
            passed_over.append(f"replica {number} was asked first")
        if not source.replication.writer_serves:
            raise EngineError(EngineErrorKind.STALE, "; ".join(passed_over))
        note = "read from the writer: no replica can answer now"
        yield Route(source=source, server="writer", note=note, passed_over=tuple(passed_over))

    async def _lag(self, replica: Source) -> Lag:
        """Return the lag as it may be by now: a replica falls behind by no more than the time that passes."""
        reading = self._readings.get(replica.name)
        if reading is None or reading.source != replica:
            reading = self._readings[replica.name] = _Reading(replica)
        async with reading.lock:
            if reading.lag is None or self._now() > reading.until:
                began, fresh = self._now(), FRESH_SECONDS
                try:
                    lag = await self._measure(replica)
                except EngineError as failure:
                    lag, fresh = Lag(seconds=None, why=_words(failure)), FAILED_SECONDS
                # By the time before it was asked: the answer may have been under way for long.
                reading.lag, reading.at, reading.until = lag, began, self._now() + fresh
        seconds = reading.lag.seconds
        return reading.lag if seconds is None else Lag(seconds=seconds + self._now() - reading.at)


def _words(failure: EngineError) -> str:
    return f"{failure.kind}: {' '.join(failure.detail.split())}"[:300]


def _refusal(lag: Lag, source: Source) -> str:
    if lag.seconds is None:
        return lag.why
    if lag.seconds > source.replication.stop_s:
        return f"{lag.seconds:.1f} s behind, over {source.replication.stop_s:g} s"
    return ""


def _on_replica(
    replica: Source, source: Source, number: int, seconds: float, passed_over: list[str]
) -> Route:
    behind = f"{seconds:.0f} s" if seconds >= 1 else "less than 1 s"
    note = f"read from replica {number}, {behind} behind"
    if seconds > source.replication.alert_s:
        note = f"STALE: {note}, over {source.replication.alert_s:g} s"
        log.warning("replica_lags", source=source.name, replica=number, seconds=round(seconds, 1))
    return Route(
        source=replica,
        server=f"replica {number}, {seconds:.1f} s behind",
        note=note,
        passed_over=tuple(passed_over),
    )
