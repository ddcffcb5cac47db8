"""Connections that a process does not keep: one too many, and those that never say what they want."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from lucky_mcp.server.http_parser import PlainParser
from lucky_mcp.server.unframed import unframed

HEAD_BYTES_MAX = 64 << 10
# Requests that wait behind one under way. Hardly a client sends any before it has its answer.
PIPELINED_MAX = 16
# The extension of ASGI by which an application ends its connection in the middle of an answer.
HANG_UP = "lucky_mcp.hang_up"
_FLUSH_SECONDS = 5.0


def bounded_connections(connections_max: int, *, request_s: float) -> type[asyncio.Protocol]:
    """Return HTTP/1.1 for uvicorn of which at most so many connections are open, each of some use.

    One more takes the place of one that has no whole request under way, so that whoever only holds some open
    keeps nobody out; where there is none, it is closed at once. One is closed too when its next request is
    not whole, body included, `request_s` seconds after it was opened, or after the first byte of that; and
    HEAD_BYTES_MAX bytes into a head or what follows a body: the parser itself would keep one of any size.
    So is one on which more than PIPELINED_MAX requests wait, and one whose client reads nothing of what waits
    for it, `request_s` seconds long.
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


class _Bounded(HttpToolsProtocol):
    _connections_max: int
    _request_s: float
    _unasked: _Unasked
    _deadline: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _is_in_head = False
    _is_behind_body = False
    _head_bytes = 0
    answering: RequestResponseCycle | None = None
    """The request under way; `cycle` is the one that came last, which may wait behind it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.parser = PlainParser(self)  # type: ignore[assignment]

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
        if self.answering is not None and not self.answering.response_complete:
            self.answering.disconnected = True
            self.answering.message_event.set()
        self._request_came()
        self._was_read()

    def data_received(self, data: bytes) -> None:
        # What comes with a head's first bytes is bounded by what is read at once.
        self._head_bytes = self._head_bytes + len(data) if self._is_in_fields else 0
        super().data_received(data)
        if self._is_in_fields and self._head_bytes > HEAD_BYTES_MAX:
            self.transport.abort()
        elif self._is_idle() or self.cycle.more_body:
            self._await_request()
        else:
            self._request_came()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0
        self.scope["extensions"] = {HANG_UP: {"now": self._hang_up}}
        if self._is_idle():
            self._unasked.add(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        # What follows a body in chunks would be put to the headers, by which the request was let in already.
        if self._is_in_head:
            # The parser leaves the blanks behind a value, which are no part of it.
            super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self.parser.should_upgrade():
            return  # it comes again, as any other request
        if len(self.pipeline) >= PIPELINED_MAX:
            self.transport.abort()
        else:
            super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Note that a part of the body follows, or what comes behind the body."""
        self._is_behind_body = True

    def on_body(self, body: bytes) -> None:
        self._is_behind_body, self._head_bytes = False, 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_behind_body = False
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._was_read()

    def on_response_complete(self) -> None:
        self._await_reader()
        # What waited behind this request begins here, without new data.
        super().on_response_complete()
        if not self._is_idle():
            self._request_came()
        elif not self.transport.is_closing():
            self._unasked.add(self)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.answering = cycle
        if cycle.scope["http_version"] == "1.0":
            app = unframed(app, cycle)
        super()._start_asgi_task(cycle, app)

    @property
    def _is_in_fields(self) -> bool:
        return self._is_in_head or self._is_behind_body

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
