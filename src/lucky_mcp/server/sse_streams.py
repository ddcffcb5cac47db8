"""The open SSE streams of one process, and the errors that are written on them between answers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from urllib.parse import parse_qs
from uuid import UUID

import anyio
from starlette.types import Message, Scope, Send

from lucky_mcp.server.on_behalf import USER_TOKEN_HEADER
from lucky_mcp.server.wire_errors import RequestId, error_message

# How long a write may wait for a client that does not read.
_WRITE_SECONDS = 5.0
# How many answers one stream may await: all of them are told when the process stops.
AWAITED_MAX = 256
# Whoever sends the same of these as the stream's own request is taken for the same client.
_CREDENTIALS = (b"authorization", USER_TOKEN_HEADER.encode())


def credential_of(scope: Scope) -> bytes:
    """A digest of what the request shows of its sender: nobody can read a secret out of it."""
    shown = [name + b"=" + value for name, value in scope["headers"] if name in _CREDENTIALS]
    return hashlib.sha256(b"\n".join(sorted(shown))).digest()


def session_of(query: bytes | str) -> str:
    """The session that a query string names, in one spelling; empty when it names none."""
    text = query.decode("latin-1") if isinstance(query, bytes) else query
    try:
        return UUID(hex=parse_qs(text)["session_id"][0]).hex
    except (KeyError, ValueError):
        return ""


class SseStream:
    """One client's stream: what its session sends passes through here, and errors come between."""

    def __init__(self, send: Send, credential: bytes, streams: SseStreams) -> None:
        self.credential = credential
        self.broken = anyio.Event()
        self._send = send
        self._streams = streams
        self._lock = anyio.Lock()
        self._awaited: dict[str, RequestId] = {}
        self._is_open = False

    @property
    def awaited(self) -> int:
        """How many requests have no answer yet."""
        return len(self._awaited)

    def expect(self, request_id: RequestId) -> bool:
        """Note that the client awaits an answer; False when it awaits `AWAITED_MAX` others."""
        key = json.dumps(request_id)
        if key not in self._awaited and len(self._awaited) >= AWAITED_MAX:
            return False
        self._awaited[key] = request_id
        return True

    def forget(self, request_id: object) -> None:
        """Note that the client awaits it no longer."""
        self._awaited.pop(json.dumps(request_id), None)
        self._streams.answered()

    async def send(self, message: Message) -> None:
        """Send what the session says; never its end, which a client with an open call would not notice."""
        chunk: bytes = message.get("body", b"")
        if message["type"] == "http.response.body":
            if not message.get("more_body", False):
                await self.fail_all(503)
                return
            if not self._is_open:
                self._open(chunk)
        async with self._lock:
            await self._send(message)
        if b"event: message" in chunk:
            self._note_answers(chunk)

    async def fail(self, request_id: RequestId, status: int) -> None:
        """Answer a request with an error; a stream that cannot be written to is broken off instead."""
        await self._fail([request_id], status)

    async def fail_all(self, status: int) -> None:
        """Answer every open request with an error, all in one write."""
        if self._awaited:
            await self._fail(list(self._awaited.values()), status)

    async def _fail(self, request_ids: list[RequestId], status: int) -> None:
        data = b"".join(
            b"event: message\r\ndata: " + error_message(each, status) + b"\r\n\r\n" for each in request_ids
        )
        if not self.broken.is_set():
            with anyio.move_on_after(_WRITE_SECONDS) as waiting:
                async with self._lock:
                    await self._send({"type": "http.response.body", "body": data, "more_body": True})
            if waiting.cancelled_caught:
                self.broken.set()
        for each in request_ids:
            self.forget(each)

    def _open(self, chunk: bytes) -> None:
        for event, data in _events(chunk):
            if event == "endpoint":
                self._is_open = True
                self._streams.opened(session_of(data.partition("?")[2]), self)

    def _note_answers(self, chunk: bytes) -> None:
        if not self._awaited:
            return
        for event, data in _events(chunk):
            message = json.loads(data) if event == "message" else {}
            if "method" not in message and "id" in message:
                self.forget(message["id"])


class SseStreams:
    """All of them, by session."""

    def __init__(self) -> None:
        self._by_session: dict[str, SseStream] = {}
        self._change: anyio.Event | None = None

    def __len__(self) -> int:
        return len(self._by_session)

    def opened(self, session: str, stream: SseStream) -> None:
        """Note a stream by the session that its first event names."""
        self._by_session[session] = stream

    def closed(self, stream: SseStream) -> None:
        """Forget a stream."""
        self._by_session = {name: each for name, each in self._by_session.items() if each is not stream}
        self.answered()

    def answered(self) -> None:
        """Wake whoever waits for answers."""
        if self._change is not None:
            self._change.set()

    def find(self, session: str, credential: bytes) -> SseStream | None:
        """The stream of a session, for its own client and for nobody else who knows the session's name."""
        stream = self._by_session.get(session)
        if stream is None or not hmac.compare_digest(stream.credential, credential):
            return None
        return stream

    async def end(self, grace_s: float) -> None:
        """Wait until every request is answered, at most `grace_s` seconds; the others get an error.

        That takes `_WRITE_SECONDS` at most, however many streams nobody reads.
        """
        with anyio.move_on_after(grace_s):
            while any(stream.awaited for stream in self._by_session.values()):
                self._change = anyio.Event()
                await self._change.wait()
        async with anyio.create_task_group() as tasks:
            for stream in list(self._by_session.values()):
                tasks.start_soon(stream.fail_all, 503)


def _events(chunk: bytes) -> Iterator[tuple[str, str]]:
    """Name and data of each event; a chunk holds whole events, and comments."""
    for block in chunk.decode().replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in fields:
            yield fields.get("event", "message"), fields["data"]
