"""PostgreSQL over psycopg: each session pinned, asserted, read-only, and cancelled in the server."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice

import psycopg
import structlog

from lucky_mcp.adapters.base import EngineRows, text_of
from lucky_mcp.adapters.fetch import fetch_bounded
from lucky_mcp.adapters.postgres_errors import postgres_error
from lucky_mcp.adapters.postgres_posture import QUESTION
from lucky_mcp.adapters.postgres_probes import ask
from lucky_mcp.adapters.postgres_settings import pinned, set_statement
from lucky_mcp.adapters.postgres_values import read_values_plainly
from lucky_mcp.adapters.session import (
    CONNECT_SECONDS,
    KILL_SECONDS,
    differing,
    password_of,
    refuse_writable,
    server_of,
    shut,
)
from lucky_mcp.adapters.token_key import NO_TOKEN_KEY, TokenKey, refuse_other_key
from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedRead
from lucky_mcp.enforcement.token_forms import SETTING
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.probe import Answer
from lucky_mcp.model.source import Source

log = structlog.get_logger(__name__)
Row = tuple[object, ...]


class PostgresSession:
    """One connection; see `Session`."""

    def __init__(
        self, source: Source, environment: Mapping[str, str], token_key: TokenKey | None = None
    ) -> None:
        self._source = source
        self._server = server_of(source)
        self._environment = environment
        self._token_key = token_key
        self._connection: psycopg.Connection | None = None
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
            connection = self._connect()
            self._connection = connection
            if self._is_stopped:  # while it connected, when there was nothing to end yet
                raise EngineError(EngineErrorKind.CANCELLED)
            if self._server.tls and not connection.pgconn.ssl_in_use:
                raise EngineError(EngineErrorKind.UNAVAILABLE, "the connection is not encrypted")
            read_values_plainly(connection)
            connection.execute("SET statement_timeout = 5000; SET search_path = pg_catalog, pg_temp")
            beyond = tuple(str(what) for (what,) in connection.execute(QUESTION.encode()))
        refuse_writable(self._source, beyond)

    def prepare(self, timeout_ms: int, *, with_token_key: bool = False) -> None:
        """Reset what the read before left behind, pin the session and compare it with what was asked."""
        key = (self._token_key or NO_TOKEN_KEY)() if with_token_key else ""
        with _failures():
            connection = self._open_connection()
            settings = pinned(self._source, connection.info.server_version, timeout_ms)
            if self._is_used:
                connection.execute("DISCARD ALL")
            self._is_used, self._is_clean = True, False
            asked = f"{set_statement(settings)}, current_setting('{SETTING}', true)"
            *values, held = connection.execute(asked.encode()).fetchone() or ("",)
        wrong = differing(settings, dict(zip(settings, values, strict=False)))
        if wrong:
            raise EngineError(EngineErrorKind.UNAVAILABLE, f"the session is not as it was set: {wrong}")
        if key:
            refuse_other_key(key, held)

    def fetch(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Run the text, rows streamed one by one; the extended protocol takes one statement and no more."""
        text = text_of(read, fenced=fenced).encode()
        connection = self._open_connection()
        try:
            with _failures(), connection.cursor() as cursor:
                stream = cursor.stream(text)
                fetched = fetch_bounded(
                    _Stream(stream),
                    rows_max=read.rows_max,
                    bytes_max=read.bound.bytes_max,
                    cell_chars_max=read.bound.cell_chars_max,
                )
                stream.close()  # type: ignore[attr-defined]  # a generator; cancels what is left
                described = cursor.description
                columns = (
                    tuple(column.name for column in described)
                    if described is not None
                    else _columns_of(connection, text)
                )
        except EngineError as failure:
            self._is_clean = failure.kind not in {EngineErrorKind.UNAVAILABLE, EngineErrorKind.CANCELLED}
            raise
        self._is_clean = not fetched.bytes_met
        return fetched.named(columns)

    def probe(self, read: GuardedProbe) -> Answer:
        """Ask the server about itself."""
        with _failures():
            answer = ask(self._open_connection(), read)
        self._is_clean = True
        return answer

    def stop(self) -> None:
        """Cancel the query by the protocol's own request, then end the connection.

        A query that begins between the two finds its client gone: see CHECK_INTERVAL.
        """
        self._is_stopped, self._is_clean = True, False
        connection = self._connection
        if connection is None:
            return
        try:
            connection.cancel_safe(timeout=KILL_SECONDS)
        except (psycopg.Error, OSError) as failure:
            log.warning("query_not_cancelled", source=self._source.name, failure=type(failure).__name__)
        with suppress(psycopg.Error, OSError, ValueError):
            line = socket.socket(fileno=os.dup(connection.fileno()))
            try:
                shut(line)
            finally:
                line.close()

    def close(self) -> None:
        """Close the connection."""
        self._is_clean = False
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _open_connection(self) -> psycopg.Connection:
        if self._connection is None:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "not connected")
        return self._connection

    def _connect(self) -> psycopg.Connection:
        server = self._server
        roots = server.ca or ssl.get_default_verify_paths().cafile or "system"
        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=password_of(server, self._environment),
            dbname=server.database or "postgres",
            sslmode="verify-full" if server.tls else "disable",
            sslrootcert=roots if server.tls else "",
            gssencmode="disable",
            connect_timeout=int(CONNECT_SECONDS),
            application_name="lucky-mcp",
            client_encoding="UTF8",
            # What the environment of this process says is not the configuration.
            hostaddr="",
            # In no statement, so in no log and no view of the server; DISCARD ALL comes back to it.
            options=f"-c {SETTING}={self._token_key()}" if self._token_key is not None else "",
            passfile=os.devnull,
            autocommit=True,
            prepare_threshold=None,
        )


class _Stream:
    """A stream of rows, asked for in batches."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows

    def fetchmany(self, size: int, /) -> Sequence[Row]:
        """Return up to `size` further rows."""
        return list(islice(self._rows, size))


def _columns_of(connection: psycopg.Connection, text: bytes) -> tuple[str, ...]:
    """Ask the server for the names of an answer without rows, for which a stream has none."""
    low = connection.pgconn
    for result in (low.prepare(b"", text), described := low.describe_prepared(b"")):
        if result.status not in {psycopg.pq.ExecStatus.COMMAND_OK, psycopg.pq.ExecStatus.TUPLES_OK}:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "the columns of an empty answer are not told")
    return tuple((described.fname(place) or b"").decode() for place in range(described.nfields))


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as failure:
        raise postgres_error(failure) from None
    except EngineError:
        raise
    except Exception as failure:
        # The driver raises anything when another thread closes its socket, or a message makes no sense.
        raise EngineError(EngineErrorKind.UNAVAILABLE, type(failure).__name__) from None
