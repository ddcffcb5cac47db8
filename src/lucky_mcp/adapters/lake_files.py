"""Which Parquet files lie in a lake folder now, told apart well enough to notice any change."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from lucky_mcp.errors import EngineError, EngineErrorKind

FILES_MAX = 20_000
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
State = tuple[int, int, int]
"""A file's inode, size in bytes and time of change in nanoseconds."""
Files = dict[str, State]
Lake = dict[tuple[str, str], Files]


class Folder:
    """A lake's folder on this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def root(self) -> str:
        """What every path begins with."""
        return str(self._folder)

    def files(self) -> Lake:
        """Return the files of each (zone, dataset); EngineError when they cannot be told."""
        return lake_files(self._folder)

    def is_as(self, lake: Lake) -> bool:
        """Whether every one of these files is there as it was."""
        return all(is_unchanged(path, state) for files in lake.values() for path, state in files.items())

    def attach(self, connection: object) -> None:
        """The engine opens files by itself."""


def lake_files(folder: Path) -> Lake:
    """Return the files of each (zone, dataset) by full path, in order of their names.

    Names that begin with a dot are being written and do not count. EngineError when there is no such folder,
    no dataset in it, a link (it may lead out of the folder), or too many files.
    """
    try:
        found = {
            (zone.name, dataset.name): dict(sorted(_parquet(dataset.path)))
            for zone in _named_folders(str(folder))
            for dataset in _named_folders(zone.path)
        }
    except OSError as failure:
        raise EngineError(EngineErrorKind.UNAVAILABLE, str(failure)) from None
    found = {name: files for name, files in found.items() if files}
    if not found:
        raise EngineError(EngineErrorKind.UNAVAILABLE, "the lake folder holds no dataset")
    if sum(map(len, found.values())) > FILES_MAX:
        raise EngineError(EngineErrorKind.UNAVAILABLE, f"the lake folder holds more than {FILES_MAX} files")
    return found


def _named_folders(folder: str) -> list[os.DirEntry[str]]:
    named = [entry for entry in _entries(folder) if NAME.fullmatch(entry.name) and entry.is_dir()]
    return sorted(named, key=lambda entry: entry.name)


def _parquet(folder: str) -> Iterator[tuple[str, State]]:
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _parquet(entry.path)
        elif entry.name.endswith(".parquet"):
            yield entry.path, _state(entry.stat())


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                raise EngineError(EngineErrorKind.UNAVAILABLE, f"{entry.path} is a link")
            yield entry


def is_unchanged(path: str, state: State) -> bool:
    """Whether a file is there and its state is still that one."""
    try:
        return _state(os.stat(path)) == state
    except OSError:
        return False


def _state(about: os.stat_result) -> State:
    return (about.st_ino, about.st_size, about.st_mtime_ns)
