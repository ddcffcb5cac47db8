"""Connections that a process does not keep: one too many, and those that never say what they want."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES_MAX = 64 << 10


def bounded_connections(connections_max: int, *, head_s: float) -> type[asyncio.Protocol]:
    """Return HTTP/1.1 for uvicorn of which at most so many connections are open, each of some use.

    One more takes the place of one on which nothing is under way, so that whoever only holds connections open
    keeps nobody out; where there is none, it is closed at once. One is closed too when the head of its next
    request is not whole `head_s` seconds after it was opened, or after the first byte of that head,
    or HEAD_BYTES_MAX bytes later: the parser itself would keep a head of any size.
    """

    class Bounded(_Bounded):
        _connections_max = connections_max
        _head_s = head_s
        _silent = _Silent()

    return Bounded


class _Silent:
    """The connections that wait for the head of a request, those first that wait longest."""

    def __init__(self) -> None:
        self._never_asked: dict[_Bounded, None] = {}
        self._between: dict[_Bounded, None] = {}

    def add(self, connection: _Bounded) -> None:
        """Note that it waits from now on."""
        (self._between if connection.has_asked else self._never_asked)[connection] = None

    def discard(self, connection: _Bounded) -> None:
        """Note that it does not wait."""
        self._never_asked.pop(connection, None)
        self._between.pop(connection, None)

    def pop(self) -> _Bounded | None:
        """Take the one that is missed least: clients keep those between requests for their next one."""
        waiting = chain(self._never_asked, self._between)
        found = next((each for each in waiting if not each.transport.get_write_buffer_size()), None)
        if found is not None:
            self.discard(found)
        return found


class _Bounded(HttpToolsProtocol):
    _connections_max: int
    _head_s: float
    _silent: _Silent
    _deadline: asyncio.TimerHandle | None = None
    _is_in_head = False
    _head_bytes = 0

    @property
    def has_asked(self) -> bool:
        """Whether it has had a request before."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self._connections_max and not self._has_made_room():
            transport.abort()
            return
        self._falls_silent()
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._head_came()

    def data_received(self, data: bytes) -> None:
        # What comes with a head's first bytes is bounded by what is read at once.
        self._head_bytes = self._head_bytes + len(data) if self._is_in_head else 0
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES_MAX:
            self.transport.abort()
        elif self._is_idle():
            self._await_head()
        else:
            self._head_came()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        # What waited behind this request begins here, without new data.
        super().on_response_complete()
        if self._is_idle():
            self._falls_silent()
        else:
            self._head_came()

    def _has_made_room(self) -> bool:
        other = self._silent.pop()
        if other is not None:
            other.transport.abort()
        return other is not None

    def _falls_silent(self) -> None:
        if not self.transport.is_closing():
            self._silent.add(self)

    def _await_head(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self._head_s, self._give_up)

    def _head_came(self) -> None:
        self._silent.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_idle():
            self.transport.abort()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete
