"""The kill switch: what operators have stopped is refused, and ended where it runs already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from lucky_mcp.errors import ConfigurationError, Phase, ReadStopped
from lucky_mcp.limits.stops import Stop, StopFile, StopKind

# How long a read that runs may go on after its source or its caller was stopped, besides ending it.
LOOK_SECONDS = 0.25
log = structlog.get_logger(__name__)


@dataclass(eq=False, kw_only=True)
class _Running:
    source: str
    principals: tuple[str, ...]
    task: asyncio.Task[object]
    stop: Stop | None = None


class Switches:
    """Asks for stops before each read, and again and again while reads run; without a file there are none."""

    def __init__(self, stops: StopFile | None = None) -> None:
        self._stops = stops
        self._running: set[_Running] = set()
        self._watcher: asyncio.Task[None] | None = None

    def refuse_stopped(
        self, *, principals: tuple[str, ...], source: str = "", phase: Phase = Phase.DECIDE
    ) -> None:
        """Raise ReadStopped when one of the callers or the source is stopped, or that cannot be told.

        `principals` are a caller and the app that asks for it.
        """
        found = self._find(source, principals)
        if found is not None:
            raise _refusal(found, phase)

    def stopped(self, source: str) -> str:
        """Return why nothing is read from a source now; empty when operators have not stopped it."""
        try:
            found = self._find(source, ())
        except ReadStopped:
            return "what operators have stopped cannot be told"
        return found.reason if found is not None and found.kind is StopKind.SOURCE else ""

    @asynccontextmanager
    async def held(self, *, principals: tuple[str, ...], source: str) -> AsyncIterator[None]:
        """Run the block as a read that can be stopped: then it is cancelled, and ReadStopped is raised."""
        task = asyncio.current_task()
        if self._stops is None or task is None:
            yield
            return
        before = task.cancelling()
        running = _Running(source=source, principals=principals, task=task)
        self._running.add(running)
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        try:
            # Again, now that the watcher knows of the read: a stop in between would be missed by both.
            self.refuse_stopped(principals=principals, source=source, phase=Phase.EXECUTE)
            yield
        except asyncio.CancelledError:
            if running.stop is not None and task.uncancel() <= before:
                raise _refusal(running.stop, Phase.EXECUTE) from None
            raise
        finally:
            self._running.discard(running)

    async def _watch(self) -> None:
        """Look while reads run; the next read begins the watch anew."""
        try:
            while self._running:
                await asyncio.sleep(LOOK_SECONDS)
                for each in [running for running in self._running if running.stop is None]:
                    try:
                        each.stop = self._find(each.source, each.principals)
                    except ReadStopped:
                        continue  # it is not known; each of them ends within its time
                    if each.stop is not None:
                        each.task.cancel()
        finally:
            self._watcher = None

    def _find(self, source: str, principals: tuple[str, ...]) -> Stop | None:
        if self._stops is None:
            return None
        try:
            found = (self._stops.find(source=source, principal=each) for each in principals or ("",))
            return next((each for each in found if each is not None), None)
        except ConfigurationError as failure:
            log.error("stops_unknown", why=str(failure))
            raise ReadStopped(
                "what operators have stopped cannot be told, so every read is refused",
                phase=Phase.DECIDE,
                next_step="tell the operator of this server",
                audit_detail=str(failure),
            ) from None


def _refusal(stop: Stop, phase: Phase) -> ReadStopped:
    reason = stop.reason.rstrip(".")
    audit_detail = f"{stop.kind} {stop.name} stopped at {stop.at.isoformat()}: {stop.reason}"
    if stop.kind is StopKind.PRINCIPAL:
        return ReadStopped(
            f"an operator has stopped your reads: {reason}",
            phase=phase,
            next_step="ask the operator of this server; trying again does not help until then",
            audit_detail=audit_detail,
        )
    return ReadStopped(
        f"an operator has stopped all reads of {stop.name}: {reason}",
        phase=phase,
        next_step="use another source of list_sources, or ask the operator of this server when it comes back",
        audit_detail=audit_detail,
    )
