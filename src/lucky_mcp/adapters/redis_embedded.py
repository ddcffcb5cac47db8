"""The demo's clusters: keys of a file in an embedded engine that answers like Redis, and keeps nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fakeredis
from redis.exceptions import ResponseError

from lucky_mcp.adapters.redis_line import Command, Failed, Line, Reply, checked
from lucky_mcp.adapters.redis_measures import GONE, NO_TTL
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import Source

SCHEME = "fakeredis:///"
_ANSWERED_HERE = {"PING": b"PONG", "CLIENT NO-TOUCH": b"OK"}
# Roughly what Redis needs for a key besides what is in it.
KEY_BYTES, MEMBER_BYTES = 64, 16


class EmbeddedKeys:
    """The keys of one file, read when they are first asked for."""

    def __init__(self, source: Source) -> None:
        self._path = Path(source.url.removeprefix(SCHEME))
        self._lock = threading.Lock()
        self._client: Any = None
        self._info = b""
        self._sizes: Mapping[bytes, int] = {}
        self._lives: Mapping[bytes, int] = {}
        self._loaded_at = 0.0

    def line(self) -> Line:
        """Return a connection to them."""
        return _EmbeddedLine(self)

    def open(self) -> None:
        """Read the file, if nobody has."""
        with self._lock:
            if self._client is None:
                self._load()

    def answer(self, command: Command) -> Reply:
        """Answer one command as a server would; what the engine does not know is answered here."""
        name, *arguments = command
        if name in _ANSWERED_HERE:
            return _ANSWERED_HERE[str(name)]
        if name == "INFO":
            return self._info
        key = arguments[0] if isinstance(arguments[0], bytes) else str(arguments[0]).encode()
        if name == "MEMORY USAGE":
            return self._sizes.get(key)
        if name == "PTTL":
            return self._lifetime(key)
        try:
            return _plain(self._client.execute_command(*command))
        except ResponseError as refusal:
            return Failed(str(refusal))

    def _lifetime(self, key: bytes) -> int:
        """A key of the demo is written anew whenever it ends: none is ever gone."""
        if key not in self._sizes:
            return GONE
        seconds = self._lives.get(key)
        if seconds is None:
            return NO_TTL
        return round(1000 * (seconds - (time.monotonic() - self._loaded_at) % seconds))

    def _load(self) -> None:
        try:
            written = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as failure:
            raise EngineError(EngineErrorKind.UNAVAILABLE, f"{type(failure).__name__}") from None
        client = fakeredis.FakeRedis(server=fakeredis.FakeServer())
        for key in written["keys"]:
            _put(client, key)
        client.response_callbacks.clear()  # answers as they come over the wire
        self._client, self._loaded_at = client, time.monotonic()
        self._sizes = {key["name"].encode(): _size(key["value"]) for key in written["keys"]}
        self._lives = {key["name"].encode(): key["ttl_s"] for key in written["keys"] if key["ttl_s"]}
        self._info = "\r\n".join(f"{name}:{value}" for name, value in written["info"].items()).encode()


class _EmbeddedLine:
    """See `Line`."""

    def __init__(self, held: EmbeddedKeys) -> None:
        self._held = held

    def open(self) -> None:
        """Read the file, if nobody has."""
        self._held.open()

    def ask(self, commands: Sequence[Command]) -> list[Reply]:
        """Answer each command."""
        return [self._held.answer(each) for each in checked(commands)]

    def within(self, seconds: float) -> None:
        """It answers at once."""

    def stop(self) -> None:
        """Nothing goes on."""

    def close(self) -> None:
        """The keys stay, for other connections."""


def _plain(answer: Any) -> Reply:
    if isinstance(answer, list | tuple):
        return [_plain(each) for each in answer]
    if isinstance(answer, float):
        return repr(answer).removesuffix(".0").encode()
    if isinstance(answer, str):
        return answer.encode()
    return answer if isinstance(answer, bytes | int) else None


def _put(client: Any, key: Mapping[str, Any]) -> None:
    name, value = key["name"], key["value"]
    match key["type"]:
        case "string":
            client.set(name, value)
        case "hash":
            client.hset(name, mapping=value)
        case "list":
            client.rpush(name, *value)
        case "set":
            client.sadd(name, *value)
        case "zset":
            client.zadd(name, value)
        case "stream":
            for number, fields in enumerate(value, start=1):
                client.xadd(name, fields, id=f"{number}-1")


def _size(value: object) -> int:
    text = json.dumps(value, ensure_ascii=False).encode()
    members = len(value) if isinstance(value, list | dict) else 0
    return KEY_BYTES + len(text) + MEMBER_BYTES * members
