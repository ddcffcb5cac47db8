"""Embedded sources: the engine inside this process, on a database opened so that it can only be read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import duckdb

from lucky_mcp.adapters.base import EngineRows, text_of
from lucky_mcp.adapters.duckdb_errors import engine_error
from lucky_mcp.adapters.fetch import fetch_bounded
from lucky_mcp.adapters.token_key import NO_TOKEN_KEY, TokenKey, refuse_other_key
from lucky_mcp.enforcement.guarded import GuardedRead
from lucky_mcp.enforcement.token_forms import VARIABLE
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import Dialect, Source

SCHEME = "duckdb:///"
WORKERS = 4
STOP_SECONDS = 5.0
# After these the engine refuses every statement on the database, whoever sends it, until it is opened again.
ENDS_DATABASE = (duckdb.InternalException, duckdb.FatalException)

# The file system, extensions and configuration are out of reach even for a text that escaped the guard.
Settings = dict[str, str | bool | int | float | list[str]]
SETTINGS: Settings = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
    "memory_limit": "1GB",
    "threads": "2",
    # Minima, maxima and row counts include hidden rows: they must not decide what is evaluated, or when.
    "disabled_optimizers": "statistics_propagation,build_side_probe_side,join_order",
    # Nothing is written, not even rows too many to sort in memory: a folder for them would be open to texts.
    "temp_directory": "",
    "max_temp_directory_size": "0KB",
}
# What the servers that the files stand for do otherwise than the engine.
NULL_BY_ZERO: Settings = {"error_on_division_by_zero": "false"}  # x DIV 0 is NULL
WITHOUT_CASE: Settings = {"default_collation": "nocase"}  # computed text compares like a column
WHOLE_DIVISION: Settings = {"integer_division": "true"}  # 5 / 2 is 2, and 1 / 0 an error
DIALECT_SETTINGS: dict[Dialect, Settings] = {
    Dialect.MYSQL: NULL_BY_ZERO | WITHOUT_CASE,
    Dialect.POSTGRES: WHOLE_DIVISION,
    Dialect.REDSHIFT: WHOLE_DIVISION,
    Dialect.DUCKDB: {},
    Dialect.DORIS: NULL_BY_ZERO,  # its text compares by bytes
}


class Database(Protocol):
    """What is open now, and what its failures mean."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A sealed connection, of which every query takes a cursor."""

    def is_current(self) -> bool:
        """Whether opening again would show the same."""

    def is_intact(self) -> bool:
        """Whether all that the connection can read is still as it was when it was opened."""

    def failure(self, error: duckdb.Error) -> EngineError:
        """Return the error as a closed kind."""


class FileDatabase:
    """One DuckDB file, opened read-only; an open file is held, so nobody else can write it."""

    def __init__(self, source: Source) -> None:
        path = Path(source.url.removeprefix(SCHEME))
        if not path.is_file():
            raise EngineError(EngineErrorKind.UNAVAILABLE, "the database file does not exist")
        try:
            settings = SETTINGS | DIALECT_SETTINGS[source.dialect]
            self.connection = duckdb.connect(str(path), read_only=True, config=settings)
        except duckdb.Error as failure:
            raise EngineError(EngineErrorKind.UNAVAILABLE, str(failure)) from None

    def is_current(self) -> bool:
        """Always, see above."""
        return True

    def is_intact(self) -> bool:
        """Always, see above."""
        return True

    def failure(self, error: duckdb.Error) -> EngineError:
        """Return the error by its class."""
        return engine_error(error)


class DuckDBAdapter:
    """Runs guarded reads on one database, each on a cursor of its own; opened at the first read.

    `open_database` opens it; EngineError when there is nothing to open.
    """

    def __init__(
        self,
        source: Source,
        open_database: Callable[[Source], Database] = FileDatabase,
        token_key: TokenKey = NO_TOKEN_KEY,
    ) -> None:
        self._source = source
        self._open_database = open_database
        self._token_key = token_key
        self._database: Database | None = None
        self._lock = threading.Lock()
        self._workers = self._new_workers()
        self._closed = False

    async def run(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Run the read within its bounds; EngineError otherwise."""
        loop = asyncio.get_running_loop()
        query = _Query(self, read, text_of(read, fenced=fenced))
        done = loop.run_in_executor(self._workers, query.fetch)
        try:
            finished, _ = await asyncio.wait({done}, timeout=read.bound.timeout_ms / 1000)
        except asyncio.CancelledError:
            await self._stopped(query, done)
            raise
        if not finished:
            await self._stopped(query, done)
            raise EngineError(EngineErrorKind.TIMEOUT)
        return done.result()

    def _new_workers(self) -> ThreadPoolExecutor:
        name = f"duckdb-{self._source.short_name}"
        return ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix=name)

    async def _stopped(self, query: _Query, done: asyncio.Future[EngineRows]) -> None:
        """Stop the query and wait until its thread has let go, so that nothing runs on unseen.

        The engine does not heed an interrupt while it plans; a thread that stays is left to end by itself
        and the source gets new ones, so that it keeps answering.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_SECONDS
        while not done.done() and loop.time() < deadline:
            query.stop()
            await asyncio.shield(asyncio.wait({done}, timeout=0.05))
        if not done.done():
            self._workers.shutdown(wait=False)
            self._workers = self._new_workers()
        elif not done.cancelled():
            done.exception()  # retrieved, so that the loop does not report it as lost

    async def close(self) -> None:
        """Close the database; later runs raise EngineError."""
        self._closed = True
        self._workers.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            if self._database is not None:
                with suppress(duckdb.Error):  # a query that is still being planned holds it
                    self._database.connection.close()
                self._database = None

    def database(self) -> Database:
        """Return the open database, opening it when needed; EngineError when it cannot be opened.

        One that changed is opened again; cursors of the one before it keep what they see.
        """
        with self._lock:
            if self._closed:
                raise EngineError(EngineErrorKind.UNAVAILABLE, "closed")
            if self._database is None or not self._database.is_current():
                self._database = None
                self._database = self._open_database(self._source)
            return self._database

    def discard(self, database: Database) -> None:
        """Open the database anew at the next read: after a defect of its own the engine answers nothing."""
        with self._lock:
            if self._database is not database:
                return
            self._database = None
            with suppress(duckdb.Error):
                database.connection.close()

    def give_token_key(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Put k into a cursor's own variable, gone with it; EngineError when there is none."""
        key = self._token_key()
        cursor.execute(f"SET VARIABLE {VARIABLE} = ?", [key])
        (held,) = cursor.execute(f"SELECT getvariable('{VARIABLE}')").fetchone() or ("",)
        refuse_other_key(key, held)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a fresh cursor; EngineError when the database cannot be opened."""
        return self.database().connection.cursor()


def only_select(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    """Return the one statement of a text if the engine itself takes it for a SELECT; EngineError otherwise.

    A text that escaped the guard and wrote a file, changed a view or set a setting is no SELECT.
    """
    statements = connection.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise EngineError(EngineErrorKind.INVALID_QUERY, "not one SELECT")
    return statements[0]


class _Query:
    """One query on one cursor, which another thread may stop."""

    def __init__(self, adapter: DuckDBAdapter, read: GuardedRead, text: str) -> None:
        self._adapter = adapter
        self._read = read
        self._text = text
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._stop = False

    def fetch(self) -> EngineRows:
        """Run the text and read rows up to the bounds; called on a worker thread."""
        if self._stop:
            raise EngineError(EngineErrorKind.CANCELLED)
        database = self._adapter.database()
        self._cursor = database.connection.cursor()
        try:
            if self._read.needs_token_key:
                self._adapter.give_token_key(self._cursor)
            self._cursor.execute(only_select(self._cursor, self._text))
            columns = tuple(str(column[0]) for column in self._cursor.description or ())
            bound = self._read.bound
            fetched = fetch_bounded(
                self._cursor,
                rows_max=self._read.rows_max,
                bytes_max=bound.bytes_max,
                cell_chars_max=bound.cell_chars_max,
            )
            if not database.is_intact():
                raise EngineError(EngineErrorKind.UNAVAILABLE, "it was changed while it was read")
        except duckdb.Error as failure:
            if isinstance(failure, ENDS_DATABASE):
                self._adapter.discard(database)
            raise database.failure(failure) from None
        finally:
            self._cursor.close()
        return fetched.named(columns)

    def stop(self) -> None:
        """Interrupt the query in the engine; it may not have begun yet."""
        self._stop = True
        if self._cursor is not None:
            self._cursor.interrupt()
