"""What a connection to a server must be able to do; all of it blocks, and runs on a worker thread."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol, runtime_checkable

import structlog

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedRead
from lucky_mcp.errors import ConfigurationError, EngineError, EngineErrorKind
from lucky_mcp.model.probe import Answer
from lucky_mcp.model.source import Server, Source
from lucky_mcp.secrets.references import read_secret, renew_secret

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
KILL_SECONDS = 3.0
TEXT_MAX = 1 << 20
LOCK_WAIT_SECONDS = 10


class Session(Protocol):
    """One connection. Made without I/O; every method raises EngineError with a closed kind."""

    @property
    def is_clean(self) -> bool:
        """Whether it may serve another read: the last one ended by itself, and nothing is left unread."""

    def open(self) -> None:
        """Connect within CONNECT_SECONDS, and refuse a server that is not what it should be."""

    def prepare(self, timeout_ms: int, *, with_token_key: bool = False) -> None:
        """Forget what the read before left behind, set the session up, and check that it is set up.

        `with_token_key`: the read shows tokens, so the session must have the key that is in use now.
        """

    def fetch(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Run one of the read's texts and return rows within its bounds."""

    def stop(self) -> None:
        """From another thread: end in the server what runs, and make every call that is under way here fail.

        Takes KILL_SECONDS at most for each of its steps and raises nothing.
        """

    def close(self) -> None:
        """Close the connection; raises nothing."""


@runtime_checkable
class Probed(Protocol):
    """A session whose server can be asked about itself."""

    def probe(self, read: GuardedProbe) -> Answer:
        """Ask one question; EngineError when the server does not answer it."""


def server_of(source: Source) -> Server:
    """Return where the source's server is; EngineError when the entry has none."""
    if source.server is None:
        raise EngineError(EngineErrorKind.UNAVAILABLE, "the source has no server")
    return source.server


def password_of(server: Server, environment: Mapping[str, str]) -> str:
    """Return the account's password as it is now, empty when it has none; EngineError when it is missing."""
    if not server.password:
        return ""
    try:
        return read_secret(server.password, environment)
    except ConfigurationError as failure:
        raise EngineError(EngineErrorKind.UNAVAILABLE, str(failure)) from None


def renew_password(server: Server) -> bool:
    """Ask anew for a password that the server refused; whether it is another now."""
    try:
        return renew_secret(server.password)
    except ConfigurationError as failure:
        log.warning("secret_not_renewed", failure=str(failure))
        return False


def refuse_writable(source: Source, beyond: tuple[str, ...]) -> None:
    """EngineError for an account that can do `beyond` more than read, unless the source puts up with it."""
    if not beyond:
        return
    what = ", ".join(beyond[:8])
    if not server_of(source).writable_because:
        raise EngineError(EngineErrorKind.UNAVAILABLE, f"the account can do more than read: {what}")
    log.warning("account_can_write", source=source.name, beyond=what)


def shut(line: socket.socket | None) -> None:
    """End a connection both ways, so that whoever waits on it in another thread wakes up."""
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def differing(expected: Mapping[str, object], found: Mapping[str, object]) -> str:
    """Return the names of settings that are not as pinned, separated by commas; empty when all are."""
    return ", ".join(name for name, value in expected.items() if not _same(value, found.get(name)))


def _same(expected: object, found: object) -> bool:
    if isinstance(expected, int | float):
        try:
            return float(str(found)) == float(expected)
        except ValueError:
            return False
    return str(found) == expected
