"""Where audit records go: a sink either has the record when `write` returns, or says that it has not."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.record import AuditRecord
from lucky_mcp.errors import AuditUnavailable, ConfigurationError

_OPEN_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class AuditSink(Protocol):
    """Takes records in order; safe to call from several threads."""

    def write(self, record: AuditRecord) -> None:
        """Hand `record` to the operating system whole, or raise AuditUnavailable."""


class MemorySink:
    """Keeps records in a list, for tests; `broken` makes it refuse as a full disk would."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.broken = False

    def write(self, record: AuditRecord) -> None:
        """Remember `record`, encoded once so that what JSON cannot hold fails here too."""
        if self.broken:
            raise _unavailable("the sink was set to broken")
        to_line(record)
        self.records.append(record)


class JsonLinesSink:
    """Appends one JSON object per line to a 0600 file in a 0700 directory.

    Each record is a single write(2) on an O_APPEND descriptor, so lines of several processes never mix.
    A file that was renamed (rotation) is opened anew under its own name; a directory that is gone is a
    failure, because recreating it would hide that somebody removed the log. `write` of the constructor
    stands in for os.write in fault tests.
    """

    def __init__(self, path: Path, *, write: Callable[[int, bytes], int] = os.write) -> None:
        self._path = path
        self._write = write
        self._lock = threading.Lock()
        self._line_open = False
        _make_private_directory(path.parent)
        try:
            self._fd = self._open()
        except OSError as error:
            raise ConfigurationError(
                f"{path}: the audit log cannot be opened ({error.strerror}); make it a file that"
                " this user may write"
            ) from error

    def write(self, record: AuditRecord) -> None:
        """Append `record`; AuditUnavailable when it did not reach the file completely."""
        line = to_line(record)
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                raise _unavailable(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Give the descriptor back; later writes raise AuditUnavailable."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def _append(self, line: bytes) -> None:
        if self._fd < 0:
            raise OSError("the sink is closed")
        if not self._is_current():
            self._reopen()
        # A line that broke off earlier is ended first, so that this record stands on a line of its own.
        data = b"\n" + line if self._line_open else line
        written = self._write(self._fd, data)
        if written != len(data):
            if written > 0:
                self._line_open = data[written - 1 : written] != b"\n"
            raise OSError(f"short write: {written} of {len(data)} bytes")
        self._line_open = False
        if os.fstat(self._fd).st_nlink == 0:
            raise OSError("the file was deleted while it was written")

    def _is_current(self) -> bool:
        """Whether the open file is still the one its path names."""
        try:
            named = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(self._fd))

    def _reopen(self) -> None:
        fresh = self._open()
        os.close(self._fd)
        self._fd = fresh

    def _open(self) -> int:
        fd = os.open(self._path, _OPEN_FLAGS, 0o600)
        try:
            state = os.fstat(fd)
            if not stat.S_ISREG(state.st_mode):
                raise OSError(0, "not a regular file")
            if stat.S_IMODE(state.st_mode) != 0o600:
                os.fchmod(fd, 0o600)
            # A crash in the middle of a write leaves a line without its end.
            self._line_open = state.st_size > 0 and os.pread(fd, 1, state.st_size - 1) != b"\n"
        except OSError:
            os.close(fd)
            raise
        return fd


def _make_private_directory(directory: Path) -> None:
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


def _unavailable(detail: str) -> AuditUnavailable:
    return AuditUnavailable(
        "the audit log cannot be written, so nothing is read or returned",
        next_step="tell the operator of this server; trying again helps only once the log can be written",
        audit_detail=detail,
    )
