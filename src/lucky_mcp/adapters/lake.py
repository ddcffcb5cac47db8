"""A folder of Parquet files as a source: `<zone>/<dataset>/<key>=<value>/*.parquet` is zone.dataset.

The engine holds nothing but one view per dataset over a list of its files. It may open those files and no
other, so a text that escaped the guard finds no folder to list and no place to write a new file in. When a
file is added, removed or replaced the views are made again before the next read.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import duckdb

from lucky_mcp.adapters.duckdb import DIALECT_SETTINGS, SETTINGS
from lucky_mcp.adapters.duckdb_errors import engine_error
from lucky_mcp.adapters.lake_files import Folder, Lake
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import Source

SCHEME = "lake:///"
MISSING_TABLE = "Catalog Error: Table with name"
# These can be set only once the engine runs and the files it may open are known.
SET_LAST = {"enable_external_access", "lock_configuration"}
OPTIONS = (
    "hive_partitioning = true, hive_types_autocast = false"  # a partition's value is text, never guessed
)
UNREADABLE = ("parquet", "magic bytes", "snappy", "zstd", "tprotocol", "thrift")


class Place(Protocol):
    """Where the files of a lake are."""

    @property
    def root(self) -> str:
        """What every path begins with."""

    def files(self) -> Lake:
        """Return the files of each (zone, dataset); EngineError when they cannot be told."""

    def is_as(self, lake: Lake) -> bool:
        """Whether every one of these files is there as it was."""

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let the engine open the files."""


class LakeDatabase:
    """One place as it is now, seen through views; a dataset that cannot be read as a whole has none."""

    def __init__(self, source: Source, place: Place | None = None) -> None:
        """Open it; without a `place` the folder of the source's URL, each of whose files is looked into."""
        self._place = place or Folder(Path(source.url.removeprefix(SCHEME)).resolve())
        self._looks_into_all = place is None
        self._lake = self._place.files()
        self._faults: list[str] = []
        settings = SETTINGS | DIALECT_SETTINGS[source.dialect]
        self.connection = duckdb.connect(
            ":memory:", config={name: settings[name] for name in settings.keys() - SET_LAST}
        )
        try:
            self._seal()
        except duckdb.Error as failure:
            raise EngineError(EngineErrorKind.UNAVAILABLE, str(failure)) from None

    def is_current(self) -> bool:
        """Whether every file is there as it was, and no other."""
        try:
            return self._lake == self._place.files()
        except EngineError:
            return False

    def is_intact(self) -> bool:
        """Whether every file that the views read is there as it was."""
        return self._place.is_as(self._lake)

    def failure(self, error: duckdb.Error) -> EngineError:
        """Return the error by its class, but for files that are missing, broken or being written.

        What the text says of a file stays inside: callers learn that the source cannot be read now.
        """
        detail = str(error)
        if isinstance(error, duckdb.CatalogException) and detail.startswith(MISSING_TABLE):
            return EngineError(EngineErrorKind.UNAVAILABLE, "; ".join([detail, *self._faults]))
        if self._is_of_files(error, detail) or not self.is_intact():
            return EngineError(EngineErrorKind.UNAVAILABLE, detail)
        return engine_error(error)

    def _is_of_files(self, error: duckdb.Error, detail: str) -> bool:
        if isinstance(error, duckdb.ConversionException):
            return False  # of a value, whatever words stand in it
        broken = self._place.root in detail or any(word in detail.lower() for word in UNREADABLE)
        return broken or isinstance(error, duckdb.PermissionException)

    def _seal(self) -> None:
        """Make the views while nothing but their files can be opened, then lock all settings."""
        paths = [path for files in self._lake.values() for path in files]
        self._place.attach(self.connection)
        self.connection.execute(f"SET allowed_paths = {_list(paths)}")
        self.connection.execute("SET enable_external_access = false")
        for (zone, dataset), files in self._lake.items():
            try:
                self._add_view(zone, dataset, list(files))
            except duckdb.Error as failure:
                self._faults.append(f"{zone}.{dataset}: {failure}")
        self.connection.execute("SET lock_configuration = true")

    def _add_view(self, zone: str, dataset: str, paths: list[str]) -> None:
        columns = [_columns(self.connection, path) for path in (paths if self._looks_into_all else [])]
        for path, found in zip(paths, columns, strict=False):
            if found != columns[0]:
                self._faults.append(f"{zone}.{dataset}: {path} has other columns than {paths[0]}")
                return
        self.connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{zone}"')
        # Names are identifiers (lake_files passes others over) and paths are quoted; no agent wrote them.
        reads = f"SELECT * FROM read_parquet({_list(paths)}, {OPTIONS})"  # noqa: S608
        self.connection.execute(f'CREATE VIEW "{zone}"."{dataset}" AS {reads}')


def _columns(connection: duckdb.DuckDBPyConnection, path: str) -> dict[str, str]:
    """Return the type of each column of one file, its partition's included, as the engine reads it."""
    described = f"DESCRIBE SELECT * FROM read_parquet({_list([path])}, {OPTIONS})"  # noqa: S608 (our own paths)
    return {str(row[0]): str(row[1]) for row in connection.execute(described).fetchall()}


def _list(paths: Iterable[str]) -> str:
    quoted = ("'" + path.replace("'", "''") + "'" for path in paths)
    return f"[{', '.join(quoted)}]"
