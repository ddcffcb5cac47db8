"""The files of an audit directory: segments of chains, and each chain's head."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lucky_mcp.errors import ConfigurationError

_SEGMENT = re.compile(r"audit-([0-9a-f]{8})-([0-9]{6})\.jsonl\Z")
_HEAD = re.compile(r"audit-([0-9a-f]{8})\.head\Z")
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, kw_only=True, order=True)
class SegmentFile:
    """One segment: the file with number `number` (1-based) of a chain."""

    chain: str
    number: int
    path: Path

    @property
    def name(self) -> str:
        """How the segment is called in reports."""
        return f"{self.chain}-{self.number:06d}"


def segment_path(directory: Path, chain: str, number: int) -> Path:
    """Return where that segment is or will be."""
    return directory / f"audit-{chain}-{number:06d}.jsonl"


def head_path(directory: Path, chain: str) -> Path:
    """Return where the head of a chain is."""
    return directory / f"audit-{chain}.head"


def segment_of(path: Path) -> SegmentFile | None:
    """Return the segment that a file's name says it is; None for any other name."""
    found = _SEGMENT.match(path.name)
    return SegmentFile(chain=found[1], number=int(found[2]), path=path) if found else None


def segments_in(directory: Path) -> tuple[SegmentFile, ...]:
    """Return the segments in a directory by chain and number; ConfigurationError when it cannot be listed."""
    return tuple(sorted(filter(None, map(segment_of, _entries(directory)))))


def chains_in(directory: Path) -> tuple[str, ...]:
    """Return the chains that have a head in the directory."""
    return tuple(sorted(found[1] for each in _entries(directory) if (found := _HEAD.match(each.name))))


def open_to_append(path: Path, *, new: bool = False) -> int:
    """Open a regular file that only its owner may read; OSError for anything else there."""
    fd = os.open(path, _APPEND | (os.O_CREAT | os.O_EXCL if new else 0), 0o600)
    try:
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(0, "not a regular file")
        if stat.S_IMODE(state.st_mode) != 0o600:
            os.fchmod(fd, 0o600)
    except OSError:
        os.close(fd)
        raise
    return fd


def begin_file(path: Path, first: bytes, write_bytes: Callable[[int, bytes], int]) -> int:
    """Make a segment that has its first line as soon as it has its name; OSError when it cannot be made.

    Whoever checks the log meanwhile, or after a kill, finds no segment without a word in it.
    """
    nameless = path.with_suffix(".new")
    nameless.unlink(missing_ok=True)
    fd = open_to_append(nameless, new=True)
    try:
        if write_bytes(fd, first) != len(first):
            raise OSError("short write at the beginning of a segment")
        os.link(nameless, path)
        try:
            nameless.unlink()
            sync_directory(path.parent)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except OSError:
        os.close(fd)
        nameless.unlink(missing_ok=True)
        raise
    return fd


def sync_directory(directory: Path) -> None:
    """Make the names of new files survive a loss of power."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_private_directory(directory: Path) -> None:
    """Make the audit directory; ConfigurationError when it cannot be made or others may enter it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(directory.stat().st_mode)
    except OSError as error:
        raise ConfigurationError(
            f"{directory}: the audit directory cannot be made ({error.strerror}); create it for this user"
        ) from error
    if mode & 0o077:
        raise ConfigurationError(
            f"{directory}: others may enter the audit directory (mode {mode:04o}); run: chmod 700 {directory}"
        )


def _entries(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(
            f"{directory}: the audit directory cannot be read ({error.strerror})"
        ) from None
