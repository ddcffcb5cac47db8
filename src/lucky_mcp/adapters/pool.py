"""Connections that wait for the next read: none until one was needed, and none for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lucky_mcp.adapters.session import Session

IDLE_SECONDS = 60.0
LIFE_SECONDS = 1800.0


class Pool:
    """Idle sessions of one source, the one used last first; safe between threads.

    How many are in use at a time is not its business: see ServerAdapter.
    """

    def __init__(
        self,
        new_session: Callable[[], Session],
        now: Callable[[], float] = time.monotonic,
        renew: Callable[[], bool] = lambda: False,
    ) -> None:
        """`renew` asks for the account's password anew, and says whether it is another now."""
        self._new_session = new_session
        self.renew = renew
        self._now = now
        self._lock = threading.Lock()
        self._idle: list[tuple[float, Session]] = []
        self._born: dict[int, float] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._idle)

    def take(self) -> Session | None:
        """Return an idle session that is not too old; None when there is none."""
        self.drop_old()
        with self._lock:
            return self._idle.pop()[1] if self._idle else None

    def new(self) -> Session:
        """Return a session that is not open yet."""
        made = self._new_session()
        with self._lock:
            self._born[id(made)] = self._now()
        return made

    def give_back(self, session: Session) -> None:
        """Keep a session for the next read if it is fit for one; close it otherwise."""
        with self._lock:
            young = self._now() - self._born.get(id(session), 0) < LIFE_SECONDS
            keep = session.is_clean and young and not self._closed
            if keep:
                self._idle.append((self._now(), session))
        if not keep:
            self.discard(session)

    def discard(self, session: Session) -> None:
        """Close a session."""
        with self._lock:
            self._born.pop(id(session), None)
        session.close()

    def drop_old(self) -> None:
        """Close sessions that nobody needed for IDLE_SECONDS."""
        with self._lock:
            oldest = self._now() - IDLE_SECONDS
            old = [session for since, session in self._idle if since < oldest]
            self._idle = [each for each in self._idle if each[0] >= oldest]
        for session in old:
            self.discard(session)

    def drop_all(self) -> None:
        """Close every idle session: what broke one has most likely broken them all."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, session in idle:
            self.discard(session)

    def close(self) -> None:
        """Close every idle session, and each that is given back from now on."""
        self._closed = True
        self.drop_all()
