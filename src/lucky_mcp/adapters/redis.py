"""Redis over redis-py: one connection, whose answers are never longer than they may be."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import redis
from redis import connection as driver
from redis._parsers.resp2 import _RESP2Parser
from redis._parsers.socket import SocketBuffer
from redis.backoff import NoBackoff
from redis.retry import Retry

from lucky_mcp.adapters.redis_line import NAME, Command, Failed, Reply, checked
from lucky_mcp.adapters.session import CONNECT_SECONDS, password_of, shut
from lucky_mcp.errors import EngineError, EngineErrorKind, LoginRefused
from lucky_mcp.model.source import Server

# All answers to commands that were sent together. A value is asked for by ranges; what has none, the field
# of a hash or the member of a set, is given up when it turns out to be longer.
REPLY_BYTES_MAX = 16 << 20
_BUSY = ("LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN")


class _TooLong(Exception):
    """An answer is longer than it may be; it was not read."""


class _Buffer(SocketBuffer):
    """Reads what the server sends while it stays within the limit."""

    left = REPLY_BYTES_MAX

    def _read_from_socket(self, length: int | None = None, *args: Any, **options: Any) -> bool:
        """Refuse what is announced to be longer before it is read, and stop once more has arrived."""
        if (length or 0) > self.left:
            raise _TooLong
        before = self.unread_bytes()
        is_read = bool(super()._read_from_socket(length, *args, **options))
        self.left -= self.unread_bytes() - before
        if self.left < 0:
            raise _TooLong
        return is_read


class _Parser(_RESP2Parser):
    """The driver's own, over such a buffer."""

    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        self._buffer = _Buffer(connection._sock, self.socket_read_size, connection.socket_timeout)


class RedisLine:
    """See `Line`."""

    def __init__(self, server: Server, environment: Mapping[str, str]) -> None:
        self._server = server
        self._environment = environment
        self._connection: Any = None

    def open(self) -> None:
        """Connect within CONNECT_SECONDS and log in."""
        with _failures():
            self._connection = connection = _made(self._server, password_of(self._server, self._environment))
            connection.connect()

    def ask(self, commands: Sequence[Command]) -> list[Reply]:
        """Send commands together, and return an answer to each."""
        connection = self._connection
        if connection is None or connection._sock is None:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "not connected")
        with _failures():
            connection._parser._buffer.left = REPLY_BYTES_MAX
            connection.send_packed_command(connection.pack_commands(checked(commands)), check_health=False)
            return [_answer(connection) for _ in commands]

    def within(self, seconds: float) -> None:
        """Give up each answer that takes longer."""
        if self._connection is not None and self._connection._sock is not None:
            self._connection._sock.settimeout(max(seconds, 0.001))

    def stop(self) -> None:
        """Make every call that is under way fail; each command is short, so nothing goes on in the server."""
        shut(getattr(self._connection, "_sock", None))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(redis.RedisError, OSError):
                self._connection.disconnect()


def _made(server: Server, password: str) -> Any:
    connections: Any = driver  # published half without types
    options: dict[str, Any] = {
        "db": int(server.database or 0),
        "username": server.user or None,
        "password": password or None,
        "socket_timeout": CONNECT_SECONDS,
        "parser_class": _Parser,
        "protocol": 2,
        "client_name": NAME,
        "driver_info": None,
        "retry": Retry(NoBackoff(), 0),
    }
    if server.is_socket:
        return connections.UnixDomainSocketConnection(path=server.host, **options)
    options |= {"host": server.host, "port": server.port, "socket_connect_timeout": CONNECT_SECONDS}
    if not server.tls:
        return connections.Connection(**options)
    return connections.SSLConnection(
        **options,
        ssl_cert_reqs="required",
        ssl_check_hostname=True,
        ssl_ca_certs=server.ca or None,
        ssl_min_version=ssl.TLSVersion.TLSv1_2,
    )


def _answer(connection: Any) -> Reply:
    """Return one answer; a refusal of one command says nothing about the next."""
    try:
        return _plain(connection.read_response())
    except (redis.AuthenticationError, redis.BusyLoadingError):
        raise
    except redis.ResponseError as refusal:
        return Failed(_with_kind(refusal))


def _plain(answer: Any) -> Reply:
    if isinstance(answer, redis.ResponseError):
        return Failed(_with_kind(answer))
    if isinstance(answer, list):
        return [_plain(each) for each in answer]
    return answer if isinstance(answer, bytes | int) else None


def _with_kind(refusal: redis.ResponseError) -> str:
    """The driver leaves the first word out of some."""
    kind = "NOPERM " if isinstance(refusal, redis.exceptions.NoPermissionError) else ""
    return f"{kind}{refusal}"


@contextmanager
def _failures() -> Iterator[None]:
    """The driver's exceptions as EngineError of a closed kind."""
    try:
        yield
    except _TooLong:
        raise EngineError(EngineErrorKind.TOO_EXPENSIVE, "an answer longer than it may be") from None
    except redis.AuthenticationError as failure:
        raise LoginRefused(str(failure)) from None
    except redis.TimeoutError:
        raise EngineError(EngineErrorKind.TIMEOUT, "no answer in time") from None
    except redis.ResponseError as failure:
        is_away = str(failure).startswith(_BUSY)
        kind = EngineErrorKind.UNAVAILABLE if is_away else EngineErrorKind.RUNTIME
        raise EngineError(kind, str(failure)) from None
    except (redis.RedisError, OSError, ValueError) as failure:
        raise EngineError(EngineErrorKind.UNAVAILABLE, f"{type(failure).__name__}: {failure}") from None
