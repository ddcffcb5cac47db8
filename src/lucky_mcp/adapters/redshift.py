"""Redshift over its own driver: each session pinned, asserted, read-only, and ended in the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from ssl import SSLSocket

import structlog

from lucky_mcp.adapters.base import EngineRows, text_of
from lucky_mcp.adapters.fetch import fetch_bounded
from lucky_mcp.adapters.redshift_account import account_of
from lucky_mcp.adapters.redshift_errors import redshift_error
from lucky_mcp.adapters.redshift_posture import HAS_VIEW, OWN_VIEWS, QUESTION
from lucky_mcp.adapters.redshift_settings import (
    BEGIN_READ,
    END_READ,
    FORGET,
    HELD_KEY,
    PUT_KEY,
    as_answered,
    expected,
    pin_statement,
    pinned,
)
from lucky_mcp.adapters.redshift_wire import Wire
from lucky_mcp.adapters.session import (
    CONNECT_SECONDS,
    KILL_SECONDS,
    differing,
    refuse_writable,
    server_of,
)
from lucky_mcp.adapters.token_key import NO_TOKEN_KEY, TokenKey, refuse_other_key
from lucky_mcp.enforcement.guarded import GuardedRead
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import Source

# Beyond a read's own limit: the driver gives up by itself if nobody ends it.
READ_MARGIN_SECONDS = 10.0
NOT_CLEAN = frozenset({EngineErrorKind.UNAVAILABLE, EngineErrorKind.CANCELLED})

log = structlog.get_logger(__name__)


class RedshiftSession:
    """One connection; see `Session`."""

    def __init__(
        self, source: Source, environment: Mapping[str, str], token_key: TokenKey = NO_TOKEN_KEY
    ) -> None:
        self._source = source
        self._server = server_of(source)
        self._environment = environment
        self._token_key = token_key
        self._wire: Wire | None = None
        self._id = 0
        self._is_used = False
        self._is_clean = False
        self._is_stopped = False

    @property
    def is_clean(self) -> bool:
        """Whether it may serve another read."""
        return self._is_clean

    def open(self) -> None:
        """Connect within CONNECT_SECONDS, check encryption and the account; EngineError otherwise."""
        with _failures():
            self._wire = wire = self._connect(CONNECT_SECONDS)
            if self._is_stopped:  # while it connected, when there was nothing to end yet
                raise EngineError(EngineErrorKind.CANCELLED)
            if self._server.tls and not isinstance(wire._usock, SSLSocket):
                raise EngineError(EngineErrorKind.UNAVAILABLE, "the connection is not encrypted")
            wire.rows_of("SET statement_timeout = 5000")
            wire.rows_of("SET search_path = pg_catalog")
            self._id = int(str(wire.rows_of("SELECT pg_backend_pid()")[0][0]))
            beyond = _beyond_reading(wire)
        refuse_writable(self._source, beyond)

    def prepare(self, timeout_ms: int, *, with_token_key: bool = False) -> None:
        """Reset what the read before left behind, pin the session, compare, and begin to read."""
        key = self._token_key() if with_token_key else ""
        settings = pinned(self._source, timeout_ms)
        with _failures():
            wire = self._open_wire()
            wire.set_timeout(CONNECT_SECONDS)
            if self._is_used:
                wire.rows_of(FORGET)
            self._is_used, self._is_clean = True, False
            values = wire.rows_of(pin_statement(settings))[0]
            wrong = differing(expected(settings), as_answered(settings, values))
            if wrong:
                raise EngineError(EngineErrorKind.UNAVAILABLE, f"the session is not as it was set: {wrong}")
            wire.rows_of(BEGIN_READ)
            if not wire.in_transaction:
                raise EngineError(EngineErrorKind.UNAVAILABLE, "no transaction was begun")
            if key:
                _put_key(wire, key)
            wire.set_timeout(timeout_ms / 1000 + READ_MARGIN_SECONDS)

    def fetch(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Run the text, rows read as they come; the extended protocol takes one statement and no more."""
        wire = self._open_wire()
        try:
            with _failures():
                stream = wire.stream(text_of(read, fenced=fenced))
                fetched = fetch_bounded(
                    stream,
                    rows_max=read.rows_max,
                    bytes_max=read.bound.bytes_max,
                    cell_chars_max=read.bound.cell_chars_max,
                )
                columns = stream.columns
        except EngineError as failure:
            if failure.kind not in NOT_CLEAN:
                self._end_read(wire)
            raise
        if stream.is_over or (not fetched.bytes_met and not stream.fetchmany(1)):
            self._end_read(wire)
        return fetched.named(columns)

    def stop(self) -> None:
        """End the query and the session from a second connection, then our end of this one.

        `pg_cancel_backend` is Redshift's CANCEL as a function; it does nothing before the query has begun,
        when ending the session still does. Until it is open here a session runs nothing.
        """
        self._is_stopped, self._is_clean = True, False
        wire = self._wire
        if wire is None:
            return
        if self._id:
            try:
                self._end_in_server()
            except (EngineError, OSError) as failure:
                log.warning("query_not_killed", source=self._source.name, failure=type(failure).__name__)
        wire.shut()

    def close(self) -> None:
        """Close the connection."""
        self._is_clean = False
        if self._wire is not None:
            with suppress(Exception):
                self._wire.set_timeout(KILL_SECONDS)
                self._wire.close()
            self._wire.end()
            self._wire = None

    def _open_wire(self) -> Wire:
        if self._wire is None:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "not connected")
        return self._wire

    def _connect(self, seconds: float) -> Wire:
        server, account = self._server, account_of(self._server, self._environment)
        return Wire(
            host=server.host,
            port=server.port,
            user=account.user,
            password=account.password,
            database=server.database or "dev",
            ssl=server.tls,
            sslmode="verify-full",
            timeout=seconds,
        )

    def _end_in_server(self) -> None:
        with _failures():
            other = self._connect(KILL_SECONDS)
            try:
                other.rows_of(f"SELECT pg_cancel_backend({self._id})")
                other.rows_of(f"SELECT pg_terminate_backend({self._id})")
            finally:
                other.end()

    def _end_read(self, wire: Wire) -> None:
        """End the transaction: an open one would hold locks on its tables while the session waits."""
        with suppress(EngineError), _failures():
            wire.rows_of(END_READ)
            self._is_clean = not wire.in_transaction


def _put_key(wire: Wire, key: str) -> None:
    """What the server says of a failure is not kept: it might quote the key."""
    try:
        with _failures():
            wire.rows_of(PUT_KEY, key)
            ((held,),) = wire.rows_of(HELD_KEY)
    except EngineError:
        raise EngineError(EngineErrorKind.UNAVAILABLE, "the key for tokens could not be set") from None
    refuse_other_key(key, held)


def _beyond_reading(wire: Wire) -> tuple[str, ...]:
    found = wire.rows_of(QUESTION)
    for name, question in OWN_VIEWS.items():
        if wire.rows_of(HAS_VIEW.format(name=name)):
            found += wire.rows_of(question)
    return tuple(str(what) for (what,) in found)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except EngineError:
        raise
    except Exception as failure:
        raise redshift_error(failure) from None
