"""Engines asked without a guard, in one world each: the embedded one, servers, and the lake's files."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import duckdb
import psycopg
import pymysql
from pymysql.constants import CLIENT
from sqlglot.errors import SqlglotError

from lucky_mcp.adapters.lake import SCHEME, LakeDatabase
from lucky_mcp.errors import ReadError
from lucky_mcp.model.source import Dialect, Kind, Source
from tests.attacks.houses import files_of, secret_files
from tests.attacks.servers import Loaded
from tests.live.fleet import PASSWORD, READER
from tests.support.servers import MariaDB, Postgres
from tests.support.twin import CONFIGS, translated
from tests.support.watch import over

SECONDS_MAX = 1.5
ROWS_MAX, CELL_MAX = 2_000, 20_000
TOOK_TOO_LONG = "took too long"


class Engine(Protocol):
    """An engine asked plainly, in one world; `name` is that of the techniques' texts."""

    @property
    def name(self) -> str:
        """Which engine it is."""

    @property
    def places(self) -> Mapping[str, str]:
        """Files that no text may reach."""

    def ask(self, source: str, texts: Sequence[str]) -> str:
        """Run texts in one session and return what the last gave: rows, or the driver's own words."""

    def changed_by(self, source: str, texts: Sequence[str]) -> bool:
        """Run texts as an account that may write, on data of its own; whether anything is otherwise."""


@dataclass(frozen=True)
class Embedded:
    """The embedded engine on a world's files, through plain translation where the dialect is another."""

    folder: Path
    dialect: str
    world: str

    @property
    def name(self) -> str:
        """The dialect."""
        return self.dialect

    @property
    def places(self) -> Mapping[str, str]:
        """Where files are that nobody may read."""
        return secret_files(files_of(self.folder, self.dialect, "a"))

    def ask(self, source: str, texts: Sequence[str]) -> str:
        """Run texts on the file of the source."""
        path = files_of(self.folder, self.dialect, self.world) / f"{source}.duckdb"
        with self._open(path, read_only=True) as cursor:
            return [self._said(cursor, text) for text in texts][-1]

    def changed_by(self, source: str, texts: Sequence[str]) -> bool:
        """Run texts on a copy of the file."""
        path = files_of(self.folder, self.dialect, self.world) / f"{source}.duckdb"
        copy = self.folder / "copy.duckdb"
        shutil.copy(path, copy)
        before = _duckdb_sum(copy)
        with self._open(copy, read_only=False) as cursor:
            for text in texts:
                self._said(cursor, text)
        return _duckdb_sum(copy) != before

    @contextmanager
    def _open(self, path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        config = CONFIGS[self.dialect] | {"memory_limit": "300MB", "threads": 1}
        with duckdb.connect(str(path), read_only=read_only, config=config) as database:
            cursor = database.cursor()
            rows = cursor.execute(
                "SELECT schema_name FROM duckdb_tables() ORDER BY schema_name LIKE 'vault%', schema_name LIMIT 1"
            )
            cursor.execute(f"SET search_path = '{rows.fetchall()[0][0]}'")
            yield cursor

    def _said(self, cursor: duckdb.DuckDBPyConnection, text: str) -> str:
        try:
            return _asked(
                cursor, text if self.dialect == "duckdb" else translated(text, Dialect(self.dialect))
            )
        except (SqlglotError, ReadError, ValueError, RecursionError) as failure:
            return f"ERROR {failure}"[:CELL_MAX]


@dataclass(frozen=True)
class PlainLake:
    """The lake's files of a world, through the engine that the adapter makes for them."""

    folder: Path
    world: str

    name: ClassVar[str] = "lake-s3"

    @property
    def places(self) -> Mapping[str, str]:
        """Where files are that nobody may read."""
        return secret_files(files_of(self.folder, "duckdb", "a"))

    def ask(self, source: str, texts: Sequence[str]) -> str:
        """Run texts over the files."""
        url = f"{SCHEME}{files_of(self.folder, 'duckdb', self.world) / 'lake'}"
        lake = Source(
            name=source, kind=Kind.LAKE, dialect=Dialect.DUCKDB, url=url, domain="", short_name=source
        )
        with closing(LakeDatabase(lake).connection) as connection:
            return [_asked(connection, text) for text in texts][-1]

    def changed_by(self, source: str, texts: Sequence[str]) -> bool:
        """Run texts; the engine may open the files that it lists and write none."""
        folder = files_of(self.folder, "duckdb", self.world) / "lake"
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        self.ask(source, texts)
        return before != {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


class _OnServer(ABC):
    """A session of the reader's own on a server, whose `administrator` needs no password."""

    loaded: Loaded
    administrator: ClassVar[str]

    @property
    def name(self) -> str:
        """The server's engine."""
        return self.loaded.engine

    @property
    def places(self) -> Mapping[str, str]:
        """Files that no text may reach."""
        return self.loaded.places

    def ask(self, source: str, texts: Sequence[str]) -> str:
        """Run texts as the reader."""
        return self._session(source, texts, user=READER, password=PASSWORD)

    def changed_by(self, source: str, texts: Sequence[str]) -> bool:
        """Run texts as the administrator, and put back what was there."""
        before = self.loaded.checksum()
        self._session(source, texts, user=self.administrator, password="")
        if self.loaded.checksum() == before:
            return False
        self.loaded.restore()
        return True

    @abstractmethod
    def _session(self, source: str, texts: Sequence[str], *, user: str, password: str) -> str:
        """Run texts as one user, and return what the last one gave."""


_LIMITED = {
    "mariadb": f"SET max_statement_time = {SECONDS_MAX}",
    "mysql-server": f"SET max_execution_time = {int(SECONDS_MAX * 1000)}",
}


@dataclass(frozen=True)
class OnMariaDB(_OnServer):
    """A session of the reader's own on MariaDB or MySQL."""

    loaded: Loaded
    running: MariaDB

    administrator: ClassVar[str] = "root"

    def _session(self, source: str, texts: Sequence[str], *, user: str, password: str) -> str:
        connection = pymysql.connect(
            unix_socket=str(self.running.socket),
            user=user,
            password=password,
            database=self.loaded.schemas[source],
            charset="utf8mb4",
            autocommit=True,
            client_flag=CLIENT.MULTI_STATEMENTS,
            read_timeout=20,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(_LIMITED[self.name])
                return [self._said(cursor, text) for text in texts][-1]
        finally:
            with suppress(pymysql.Error):
                connection.close()

    def _said(self, cursor: pymysql.cursors.Cursor, text: str) -> str:
        said, begun = "", time.monotonic()
        try:
            cursor.execute(text)
            while True:
                names = [column[0] for column in cursor.description or ()]
                said += _rows(names, cursor.fetchmany(ROWS_MAX))
                if not cursor.nextset():
                    break
        except (pymysql.Error, RuntimeError, TypeError) as failure:
            said += f"ERROR {failure}"
        return TOOK_TOO_LONG if time.monotonic() - begun > SECONDS_MAX else said


@dataclass(frozen=True)
class OnPostgres(_OnServer):
    """A session of the reader's own on PostgreSQL."""

    loaded: Loaded
    running: Postgres

    administrator: ClassVar[str] = "lucky"

    def _session(self, source: str, texts: Sequence[str], *, user: str, password: str) -> str:
        connection = psycopg.connect(
            host=str(self.running.folder),
            port=self.running.port,
            user=user,
            password=password,
            dbname="postgres",
            autocommit=True,
        )
        with closing(connection):  # a statement may leave it in the middle of a copy
            connection.execute(f"SET search_path = {self.loaded.schemas[source]}".encode())
            connection.execute(f"SET statement_timeout = {int(SECONDS_MAX * 1000)}".encode())
            return [self._said(connection, text) for text in texts][-1]

    def _said(self, connection: psycopg.Connection, text: str) -> str:
        said = ""
        try:
            cursor = connection.execute(text.replace("\x00", " ").encode(), prepare=False)
            while True:
                if cursor.description:
                    said += _rows([each.name for each in cursor.description], cursor.fetchmany(ROWS_MAX))
                if not cursor.nextset():
                    break
        except psycopg.errors.QueryCanceled:
            return TOOK_TOO_LONG
        except (psycopg.Error, UnicodeError, ValueError) as failure:
            said += f"ERROR {failure}"
        return said


def _asked(cursor: duckdb.DuckDBPyConnection, text: str) -> str:
    try:
        with over(cursor.interrupt, SECONDS_MAX):
            cursor.execute(text)
            rows = cursor.fetchmany(ROWS_MAX)
        return _rows([column[0] for column in cursor.description or ()], rows)
    except duckdb.InterruptException:
        return TOOK_TOO_LONG
    except (duckdb.Error, ValueError, RecursionError) as failure:
        return f"ERROR {failure}"[:CELL_MAX]


def _rows(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])
    return made.getvalue()


def _cell(cell: object) -> str:
    text = cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else str(cell)
    return text[:CELL_MAX]


def _duckdb_sum(path: Path) -> str:
    made = hashlib.sha256()
    with duckdb.connect(str(path), read_only=True) as database:
        for text in (
            "SELECT schema_name, table_name, sql, comment FROM duckdb_tables() ORDER BY 1, 2",
            "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY 1, 2",
            "SELECT schema_name FROM duckdb_schemas() ORDER BY database_name, 1",
            "SELECT function_name, macro_definition FROM duckdb_functions() WHERE NOT internal ORDER BY 1, 2",
            "SELECT sequence_name FROM duckdb_sequences() ORDER BY 1",
            "SELECT index_name FROM duckdb_indexes() ORDER BY 1",
            "SELECT type_name FROM duckdb_types() WHERE NOT internal ORDER BY 1",
        ):
            made.update(repr(database.execute(text).fetchall()).encode())
        tables = database.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY 1, 2"
        ).fetchall()
        for schema, table in tables:
            made.update(repr(database.execute(f'FROM "{schema}"."{table}" ORDER BY ALL').fetchall()).encode())
    return made.hexdigest()
