"""Which Parquet files lie in a lake folder now, told apart well enough to notice any change."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lucky_mcp.errors import EngineError, EngineErrorKind

FILES_MAX = 20_000
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
State = tuple[int, int, int]
"""A file's inode, size in bytes and time of change in nanoseconds."""
Files = dict[str, State]
Lake = dict[tuple[str, str], Files]


def lake_files(folder: Path) -> Lake:
    """Return the files of each (zone, dataset) by full path, in order of their names.

    Names that begin with a dot are being written and do not count. EngineError when there is no such folder,
    no dataset in it, a file that lies elsewhere (a link out of the folder), or too many files.
    """
    try:
        found = {
            (zone.name, dataset.name): files
            for zone in _folders(folder)
            for dataset in _folders(zone)
            if (files := dict(sorted(_parquet(Path(dataset), folder).items())))
        }
    except OSError as failure:
        raise EngineError(EngineErrorKind.UNAVAILABLE, str(failure)) from None
    if not found:
        raise EngineError(EngineErrorKind.UNAVAILABLE, "the lake folder holds no dataset")
    if sum(map(len, found.values())) > FILES_MAX:
        raise EngineError(EngineErrorKind.UNAVAILABLE, f"the lake folder holds more than {FILES_MAX} files")
    return found


def _folders(folder: os.PathLike[str]) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        named = [entry for entry in entries if NAME.fullmatch(entry.name) and entry.is_dir()]
    return sorted(named, key=lambda entry: entry.name)


def _parquet(dataset: Path, folder: Path) -> Files:
    files: Files = {}
    for place, inner, names in os.walk(dataset):
        inner[:] = [each for each in inner if not each.startswith(".")]
        for name in names:
            if name.startswith(".") or not name.endswith(".parquet"):
                continue
            path = Path(place, name)
            if not path.resolve().is_relative_to(folder):
                raise EngineError(EngineErrorKind.UNAVAILABLE, f"{path} leads out of the lake folder")
            files[str(path)] = _state(path)
    return files


def is_unchanged(path: str, state: State) -> bool:
    """Whether a file is there and its state is still that one."""
    try:
        return _state(Path(path)) == state
    except OSError:
        return False


def _state(path: Path) -> State:
    about = path.stat()
    return (about.st_ino, about.st_size, about.st_mtime_ns)
