"""Reads on a source with a server of its own: a few at a time, each within its time, stopped there.

Drivers block, so each read has a thread. The thread's place is free again when the thread has let go, not
when the caller was answered: a server that hangs holds the places of its own source, and no others.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from lucky_mcp.adapters.base import EngineRows, Usage
from lucky_mcp.adapters.pool import IDLE_SECONDS, Pool
from lucky_mcp.adapters.session import CONNECT_SECONDS, Probed, Session, renew_password
from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedRead
from lucky_mcp.errors import EngineError, EngineErrorKind, LoginRefused
from lucky_mcp.model.probe import Answer
from lucky_mcp.model.source import Source
from lucky_mcp.telemetry.spans import going_on, here, span

# A read that finds every connection in use waits this long for one.
WAIT_SECONDS = 2.0
# Connecting, or checking a connection that waited, and setting it up; then the source counts as away.
READY_SECONDS = CONNECT_SECONDS + 2.0
# The server's own time limit comes first, and leaves the connection usable.
GRACE_SECONDS = 0.5
STOP_SECONDS = 5.0
# A question to the server about itself; it comes before a read, and must not take the place of one.
PROBE_SECONDS = 2.0
EMBEDDED_PLACES = 4

T = TypeVar("T")


class ServerAdapter:
    """Runs guarded reads on one server; connects at the first read, and never at more places than allowed."""

    def __init__(self, source: Source, new_session: Callable[[], Session]) -> None:
        server = source.server
        places = server.connections_max if server is not None else EMBEDDED_PLACES
        self._pool = Pool(new_session, renew=lambda: server is not None and renew_password(server))
        self._number_of_places = places
        self._places = asyncio.Semaphore(places)
        # One thread for each read, and one to stop it.
        self._workers = ThreadPoolExecutor(max_workers=2 * places, thread_name_prefix=source.short_name)
        self._reads: set[_Read[Any]] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False

    async def run(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Run the read within its bounds; EngineError otherwise."""
        return await self._within(
            read.bound.timeout_ms / 1000,
            lambda session: session.fetch(read, fenced=fenced),
            with_token_key=read.needs_token_key,
        )

    async def probe(self, read: GuardedProbe) -> Answer:
        """Ask the server about itself within PROBE_SECONDS; EngineError otherwise."""

        def ask(session: Session) -> Answer:
            if not isinstance(session, Probed):
                raise EngineError(EngineErrorKind.INVALID_QUERY, "it cannot be asked about itself")
            return session.probe(read)

        return await self._within(PROBE_SECONDS, ask)

    async def _within(
        self, seconds: float, work: Callable[[Session], T], *, with_token_key: bool = False
    ) -> T:
        """Do the work on a session that is set up; it is stopped in the server when the time is over."""
        if self._closed:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "closed")
        deadline = time.monotonic() + seconds
        await self._take_place(min(WAIT_SECONDS, seconds))
        begun = _Read(self._pool, work, deadline=deadline, with_token_key=with_token_key)
        done = self._begin(begun)
        try:
            await asyncio.wait({done}, timeout=min(READY_SECONDS, deadline - time.monotonic()))
            if begun.is_ready and not done.done():
                await asyncio.wait({done}, timeout=deadline + GRACE_SECONDS - time.monotonic())
        except asyncio.CancelledError:
            await self._stopped(begun, done)
            raise
        if not done.done():
            was_ready = begun.is_ready
            await self._stopped(begun, done)
            raise _late() if was_ready else EngineError(EngineErrorKind.UNAVAILABLE, "it does not answer")
        return done.result()

    def usage(self) -> Usage:
        """Say how many connections there are."""
        return Usage(in_use=len(self._reads), idle=len(self._pool), places=self._number_of_places)

    async def check(self) -> None:
        """Connect, look at the account and set a session up; EngineError when a read could not begin."""
        checked = asyncio.get_running_loop().run_in_executor(self._workers, self._open_one)
        done, _ = await asyncio.wait({checked}, timeout=READY_SECONDS + GRACE_SECONDS)
        if not done:
            checked.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise EngineError(EngineErrorKind.UNAVAILABLE, "it does not answer")
        checked.result()

    def _open_one(self) -> None:
        session = self._pool.new()
        try:
            session.open()
            session.prepare(int(1000 * READY_SECONDS))
        finally:
            self._pool.discard(session)

    async def close(self) -> None:
        """Stop what runs and close every connection; later runs raise EngineError."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        stops = [self._workers.submit(each.stop) for each in list(self._reads)]
        if stops:
            await asyncio.wait({asyncio.wrap_future(each) for each in stops}, timeout=STOP_SECONDS)
        self._pool.close()
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _take_place(self, seconds: float) -> None:
        try:
            with span("adapter place"):
                async with asyncio.timeout(seconds):
                    await self._places.acquire()
        except TimeoutError:
            raise EngineError(EngineErrorKind.BUSY, "every connection is in use") from None

    def _begin(self, begun: _Read[T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        self._reads.add(begun)

        def ended(done: asyncio.Future[T]) -> None:
            self._places.release()
            self._reads.discard(begun)
            if not done.cancelled():
                done.exception()  # retrieved, so that the loop does not report it as lost
            if self._reaper is not None:
                self._reaper.cancel()
            if len(self._pool) and not self._closed:
                self._reaper = loop.call_later(IDLE_SECONDS + 1, self._pool.drop_old)

        there = here()

        def fetch() -> T:
            with going_on(there):
                return begun.fetch()

        try:
            done = loop.run_in_executor(self._workers, fetch)
        except RuntimeError:  # closed meanwhile
            self._places.release()
            self._reads.discard(begun)
            raise EngineError(EngineErrorKind.UNAVAILABLE, "closed") from None
        done.add_done_callback(ended)
        return done

    async def _stopped(self, begun: _Read[T], done: asyncio.Future[T]) -> None:
        """Stop the read in the server; its place stays taken until its thread has let go."""
        stop = asyncio.get_running_loop().run_in_executor(self._workers, begun.stop)
        both = asyncio.gather(stop, done, return_exceptions=True)
        await asyncio.shield(asyncio.wait({both}, timeout=STOP_SECONDS))


class _Read(Generic[T]):
    """One read or question on its thread, which another thread may stop."""

    def __init__(
        self, pool: Pool, work: Callable[[Session], T], *, deadline: float, with_token_key: bool
    ) -> None:
        self._pool = pool
        self._work = work
        self._deadline = deadline
        self._with_token_key = with_token_key
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._stopped = False
        self.is_ready = False

    def fetch(self) -> T:
        """Get a connection and do the work on it; called on a worker thread."""
        with span("adapter session"):
            session = self._ready()
        try:
            self._refuse_when_stopped()
            self.is_ready = True
            with span("adapter statement"):
                return self._work(session)
        except EngineError as failure:
            if failure.kind is EngineErrorKind.UNAVAILABLE:
                session.stop()  # the line is lost; the server may not know it, and go on
            raise
        finally:
            self._let_go(session)

    def stop(self) -> None:
        """End the query in its server and its connection, wherever the read is; raises nothing."""
        with self._lock:
            self._stopped = True
            session = self._session
        if session is not None:
            session.stop()

    def _ready(self) -> Session:
        """Return a session that is set up: one that waited, if it still works, else a new one."""
        waiting = self._pool.take()
        if waiting is not None:
            try:
                self._hold(waiting)
                self._prepare(waiting)
                return waiting
            except EngineError:
                self._drop(waiting)
                self._refuse_when_stopped()
                self._pool.drop_all()
        session = self._opened()
        try:
            self._refuse_when_stopped()
            self._prepare(session)
        except BaseException:
            self._drop(session)
            raise
        return session

    def _opened(self) -> Session:
        """Return a new connection; a refused login is tried once more if the password is another now."""
        try:
            return self._open(self._pool.new())
        except LoginRefused:
            self._refuse_when_stopped()
            if not self._pool.renew():
                raise
        return self._open(self._pool.new())

    def _open(self, session: Session) -> Session:
        try:
            self._hold(session)
            session.open()
        except BaseException:
            self._drop(session)
            raise
        return session

    def _prepare(self, session: Session) -> None:
        session.prepare(self._left_ms(), with_token_key=self._with_token_key)

    def _left_ms(self) -> int:
        left = int(1000 * (self._deadline - time.monotonic()))
        if left <= 0:
            raise _late()
        return left

    def _hold(self, session: Session) -> None:
        with self._lock:
            self._session = session
        self._refuse_when_stopped()

    def _refuse_when_stopped(self) -> None:
        if self._stopped:
            raise EngineError(EngineErrorKind.CANCELLED)

    def _drop(self, session: Session) -> None:
        with self._lock:
            self._session = None
        self._pool.discard(session)

    def _let_go(self, session: Session) -> None:
        """Give the session back, unless somebody is ending it."""
        with self._lock:
            self._session = None
            stopped = self._stopped
        if stopped:
            self._pool.discard(session)
        else:
            self._pool.give_back(session)


def _late() -> EngineError:
    return EngineError(EngineErrorKind.TIMEOUT, "the gateway's own limit")
