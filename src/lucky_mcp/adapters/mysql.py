"""MySQL, MariaDB and Doris over pymysql: sessions pinned, asserted, read-only, and ended in the server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
import structlog
from pymysql.constants import CLIENT
from pymysql.cursors import SSCursor

from lucky_mcp.adapters.base import EngineRows, text_of
from lucky_mcp.adapters.fetch import fetch_bounded
from lucky_mcp.adapters.mysql_errors import mysql_error
from lucky_mcp.adapters.mysql_posture import privileges_to_write
from lucky_mcp.adapters.mysql_probes import ask
from lucky_mcp.adapters.mysql_settings import (
    CHARSET,
    COLLATION,
    FORBIDDEN_MODES,
    SEPARATOR,
    Flavour,
    flavour_of,
    pinned,
    select_statement,
    set_statement,
)
from lucky_mcp.adapters.mysql_token_key import bits_statement, key_assignments, random_bits
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
from lucky_mcp.enforcement.token_forms import VARIABLE
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.probe import Answer
from lucky_mcp.model.source import Source

COM_RESET_CONNECTION = 0x1F
NEVER = CLIENT.MULTI_STATEMENTS | CLIENT.LOCAL_FILES
# Beyond a read's own limit: the driver gives up by itself if nobody ends it.
READ_MARGIN_SECONDS = 10.0

log = structlog.get_logger(__name__)
Connection = Any  # of the driver, whose published types leave out what ends a session for good


class MySQLSession:
    """One connection; see `Session`."""

    def __init__(
        self, source: Source, environment: Mapping[str, str], token_key: TokenKey = NO_TOKEN_KEY
    ) -> None:
        self._source = source
        self._server = server_of(source)
        self._environment = environment
        self._token_key = token_key
        self._connection: Connection | None = None
        self._flavour = Flavour.MYSQL
        self._collation = COLLATION
        self._id = 0
        self._is_used = False
        self._is_clean = False
        self._is_stopped = False

    @property
    def is_clean(self) -> bool:
        """Whether it may serve another read; Doris cannot reset a session, so there each serves one."""
        return self._is_clean and self._flavour is not Flavour.DORIS

    def open(self) -> None:
        """Connect within CONNECT_SECONDS, check encryption, flags and the account; EngineError otherwise."""
        with _failures():
            self._connection = connection = self._driver(CONNECT_SECONDS)
            self._connect(connection, CONNECT_SECONDS)
            if self._is_stopped:  # while it connected, when there was nothing to end yet
                raise EngineError(EngineErrorKind.CANCELLED)
            if connection.client_flag & NEVER:
                raise EngineError(EngineErrorKind.UNAVAILABLE, "the driver asked for what must be off")
            self._flavour = flavour_of(self._source, str(connection.server_version))
            self._collation = self._default_collation()
            self._refuse_who_can_write()

    def prepare(self, timeout_ms: int, *, with_token_key: bool = False) -> None:
        """Reset what the read before left behind, pin the session and compare it with what was asked."""
        key = self._token_key() if with_token_key else ""
        settings = pinned(self._flavour, self._source, self._collation, timeout_ms)
        with _failures():
            connection = self._open_connection()
            _set_read_timeout(connection, CONNECT_SECONDS)
            if self._is_used:
                connection._execute_command(COM_RESET_CONNECTION, b"")
                connection._read_ok_packet()
            self._is_used, self._is_clean = True, False
            with connection.cursor() as cursor:
                cursor.execute(set_statement(settings, self._hand_over(key, cursor)))
                cursor.execute(select_statement(settings, VARIABLE if key else ""))
                told = cursor.fetchone()
            _set_read_timeout(connection, timeout_ms / 1000 + READ_MARGIN_SECONDS)
        expected = {each.name: each.value for each in settings}
        *values, held, number = _parts(told, len(settings) + 2)
        self._id = int(number)
        found = dict(zip(expected, values, strict=True))
        wrong = differing(expected, found)
        if wrong or FORBIDDEN_MODES & set(str(found.get("sql_mode", "")).upper().split(",")):
            raise EngineError(EngineErrorKind.UNAVAILABLE, f"the session is not as it was set: {wrong}")
        if key:
            refuse_other_key(key, held)

    def _hand_over(self, key: str, cursor: pymysql.cursors.Cursor) -> tuple[str, ...]:
        """Return the assignments that put k into the session."""
        if not key:
            return ()
        bits = random_bits()
        cursor.execute(bits_statement(bits))
        return key_assignments(key, bits)

    def fetch(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Run the text, rows streamed; a session with rows left unread serves no other read."""
        cursor = self._open_connection().cursor(SSCursor)
        try:
            with _failures():
                cursor.execute(text_of(read, fenced=fenced))
                columns = tuple(str(column[0]) for column in cursor.description or ())
                fetched = fetch_bounded(
                    cursor,
                    rows_max=read.rows_max,
                    bytes_max=read.bound.bytes_max,
                    cell_chars_max=read.bound.cell_chars_max,
                )
                if not fetched.bytes_met:
                    cursor.close()
                    self._is_clean = True
        except EngineError as failure:
            # The server said no, and waits for the next statement; or it is not known what it does.
            self._is_clean = failure.kind not in {EngineErrorKind.UNAVAILABLE, EngineErrorKind.CANCELLED}
            raise
        finally:
            if not self._is_clean:
                _abandon(cursor)
        if fetched.bytes_met:
            self.stop()
        return fetched.named(columns)

    def probe(self, read: GuardedProbe) -> Answer:
        """Ask the server about itself."""
        with _failures():
            answer = ask(self._open_connection(), self._flavour, read)
        self._is_clean = True
        return answer

    def stop(self) -> None:
        """KILL the connection from a second one, then end it here as well.

        Not KILL QUERY: it does nothing when the query has not begun yet, and the query would then run on.
        """
        self._is_stopped, self._is_clean = True, False
        try:
            if self._id:
                with _failures():
                    killer = self._driver(KILL_SECONDS)
                    try:
                        self._connect(killer, KILL_SECONDS)
                        killer.query(f"KILL {int(self._id)}")
                    finally:
                        killer._force_close()
        except EngineError as failure:
            log.warning("query_not_killed", source=self._source.name, kind=failure.kind.value)
        finally:
            if self._connection is not None:
                shut(self._connection._sock)

    def close(self) -> None:
        """Close the connection without a word to the server: it may not listen."""
        self._is_clean = False
        if self._connection is not None:
            with suppress(Exception):
                self._connection._force_close()
            self._connection = None

    def _open_connection(self) -> Connection:
        if self._connection is None:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "not connected")
        return self._connection

    def _driver(self, seconds: float) -> Connection:
        """Return a connection that is not connected yet."""
        server = self._server
        return pymysql.Connection(
            defer_connect=True,
            host="localhost" if server.is_socket else server.host,
            port=server.port,
            user=server.user,
            password=password_of(server, self._environment),
            database=server.database or self._source.default_schema,
            charset=CHARSET,
            autocommit=True,
            local_infile=False,
            ssl=_tls(server.ca) if server.tls else None,
            ssl_disabled=not server.tls,
            connect_timeout=seconds,
            read_timeout=seconds,
            write_timeout=seconds,
            program_name="lucky-mcp",
        )

    def _connect(self, connection: Connection, seconds: float) -> None:
        """Connect by a socket of ours: the driver leaves its own open when nobody answers."""
        server = self._server
        if server.is_socket:
            line = socket.socket(socket.AF_UNIX)
            try:
                line.settimeout(seconds)
                line.connect(server.host)
            except OSError:
                line.close()
                raise
        else:
            line = socket.create_connection((server.host, server.port), seconds)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection._secure = server.is_socket  # nobody else hears it
        connection.connect(line)
        if server.tls and not isinstance(connection._sock, ssl.SSLSocket):
            connection._force_close()
            raise EngineError(EngineErrorKind.UNAVAILABLE, "the connection is not encrypted")

    def _default_collation(self) -> str:
        """The database's own, so that text that is computed compares with its columns."""
        if self._flavour is Flavour.DORIS:
            return COLLATION
        with self._open_connection().cursor() as cursor:
            cursor.execute("SELECT @@collation_database")
            (found,) = cursor.fetchone() or ("",)
        return str(found) if str(found).startswith(f"{CHARSET}_") else COLLATION

    def _refuse_who_can_write(self) -> None:
        if self._flavour is Flavour.DORIS:
            beyond: tuple[str, ...] = ("grants in a form that is not known here",)
        else:
            with self._open_connection().cursor() as cursor:
                cursor.execute("SHOW GRANTS")
                beyond = privileges_to_write([str(line) for (line,) in cursor.fetchall()])
        refuse_writable(self._source, beyond)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn the driver's exceptions into EngineError; a secret in their text is none: it was never sent."""
    try:
        yield
    except (pymysql.Error, OSError) as failure:
        raise mysql_error(failure) from None
    except EngineError:
        raise
    except Exception as failure:
        # The driver raises anything when another thread closes its socket, or a packet makes no sense.
        raise EngineError(EngineErrorKind.UNAVAILABLE, type(failure).__name__) from None


def _parts(told: tuple[Any, ...] | None, count: int) -> list[str]:
    """Return the parts of what `select_statement` shows; EngineError when they are not as many."""
    text = told[0] if told else ""
    parts = str(text.decode() if isinstance(text, bytes) else text).split(SEPARATOR)
    if len(parts) != count or not parts[-1].isdecimal():
        raise EngineError(EngineErrorKind.UNAVAILABLE, "the session does not say how it is set")
    return parts


def _abandon(cursor: Any) -> None:
    """Keep the driver from reading what is left of a result, now or when it is collected."""
    if cursor._result is not None:
        cursor._result.unbuffered_active = False
        cursor._result.connection = None
    cursor.connection = None


def _set_read_timeout(connection: Connection, seconds: float) -> None:
    connection._read_timeout = seconds


def _tls(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca or None)
