"""Connections that a process does not keep: one too many, and those that never say what they want."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

# The extension of ASGI by which an application ends its connection in the middle of an answer.
HANG_UP = "lucky_mcp.hang_up"
_FLUSH_SECONDS = 5.0


def bounded_connections(connections_max: int, *, request_s: float) -> type[asyncio.Protocol]:
    """Return HTTP/1.1 for uvicorn of which at most so many connections are open, each of some use.

    One more takes the place of one that has no whole request under way, so that whoever only holds some open
    keeps nobody out; where there is none, it is closed at once. One is closed too when its next request is
    not whole, body included, `request_s` seconds after it was opened, or after the first byte of that. So is
    one whose client reads nothing of what waits for it, `request_s` seconds long.
    """

    class Bounded(_Bounded):
        _connections_max = connections_max
        _request_s = request_s
        _unasked = _Unasked()

    return Bounded


class _Unasked:
    """The connections without a whole request, first the one to which nothing new has happened for longest.

    New is that it was opened, that a request begins, and that one was answered; more bytes of one are not. So
    whoever comes now has the time in which all others do something new.
    """

    def __init__(self) -> None:
        self._waiting: dict[_Bounded, None] = {}

    def add(self, connection: _Bounded) -> None:
        """Note that something new has happened to it."""
        self.discard(connection)
        self._waiting[connection] = None

    def discard(self, connection: _Bounded) -> None:
        """Note that a whole request is under way, or that the connection is no more."""
        self._waiting.pop(connection, None)

    def pop(self) -> _Bounded | None:
        """Take the first to whom nothing is left to be written."""
        found = next((each for each in self._waiting if not each.transport.get_write_buffer_size()), None)
        if found is not None:
            self.discard(found)
        return found


class _Bounded(H11Protocol):
    _connections_max: int
    _request_s: float
    _unasked: _Unasked
    _deadline: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _has_begun = False

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        served: Any = self.app

        async def with_hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {HANG_UP: {"now": self._hang_up}}
            await served(scope, receive, send)

        self.app: Any = with_hang_up

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self._connections_max and not self._has_made_room():
            transport.abort()
            return
        self._unasked.add(self)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # After a reset its timer would keep all of this for a minute, counted by nobody.
        self._unset_keepalive_if_required()
        self._request_came()
        self._was_read()

    def data_received(self, data: bytes) -> None:
        if not self._has_begun and self._is_idle():
            self._has_begun = True
            self._unasked.add(self)
        super().data_received(data)
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._was_read()

    def on_response_complete(self) -> None:
        self._await_reader()
        self._has_begun = False
        # What waited behind this request begins here, without new data.
        super().on_response_complete()
        if not self._is_idle():
            self._look()
        elif not self.transport.is_closing():
            self._unasked.add(self)

    def _look(self) -> None:
        """Wait for the rest of a request that is not whole."""
        if self._is_idle() or self.cycle.more_body:
            self._await_request()
        else:
            self._request_came()

    def _hang_up(self) -> None:
        """Close the connection once everything is written, or soon if its client does not read."""
        self.transport.close()
        self.loop.call_later(_FLUSH_SECONDS, self.transport.abort)

    def _has_made_room(self) -> bool:
        other = self._unasked.pop()
        if other is not None:
            other.transport.abort()
        return other is not None

    def _await_request(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self._request_s, self._give_up)

    def _request_came(self) -> None:
        self._unasked.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_idle() or self.cycle.more_body:
            self.transport.abort()

    def _await_reader(self) -> None:
        """Give up a client that reads nothing: what waits for it would keep the connection for ever."""
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._reading is None:
            self._reading = self.loop.call_later(self._request_s, self._give_up_unread, waiting)

    def _was_read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _give_up_unread(self, waiting: int) -> None:
        self._reading = None
        if self.transport.get_write_buffer_size() < waiting:
            self._await_reader()
        else:
            self.transport.abort()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete
