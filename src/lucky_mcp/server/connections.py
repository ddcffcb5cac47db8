"""Connections that a process does not keep: one too many, and those that never say what they want."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle


def bounded_connections(connections_max: int, *, head_s: float) -> type[asyncio.Protocol]:
    """Return HTTP/1.1 for uvicorn of which at most so many connections are open, each of some use.

    One more is closed at once. One is closed too when the head of its next request is not whole `head_s`
    seconds after it was opened, or after the first byte of that head.
    """

    class Bounded(_Bounded):
        _connections_max = connections_max
        _head_s = head_s

    return Bounded


class _Bounded(H11Protocol):
    _connections_max: int
    _head_s: float
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self._connections_max:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._head_came()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_idle():
            self._await_head()
        else:
            self._head_came()

    def on_response_complete(self) -> None:
        # What waited behind this request begins here, without new data.
        super().on_response_complete()
        if not self._is_idle():
            self._head_came()

    def _await_head(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self._head_s, self._give_up)

    def _head_came(self) -> None:
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
