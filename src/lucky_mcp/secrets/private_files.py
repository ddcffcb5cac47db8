"""Small files of state that their owner alone may read, and that change whole or not at all."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lucky_mcp.errors import ConfigurationError

Stamp = tuple[int, int, int] | None


def stamp_of(path: Path) -> Stamp:
    """Return what changes whenever the file is replaced; None when it is not there or cannot be looked at."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ino, state.st_size


def read_private(path: Path, what: str) -> bytes | None:
    """Return the file's content, None when there is no file; ConfigurationError when it cannot be trusted.

    `what` is what the file is called in messages.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path}: the {what} cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise ConfigurationError(
            f"{path}: others may open the {what} (mode {mode:04o}); run: chmod 600 {path}"
        )
    return content


def write_private(path: Path, content: str, what: str) -> None:
    """Replace the file whole, so that a reader never meets half of it; ConfigurationError when it cannot."""
    fresh = path.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(fd)
        fresh.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: the {what} cannot be written ({error.strerror})") from error


@contextmanager
def sole_writer(path: Path, what: str) -> Iterator[None]:
    """Keep other processes from changing the file meanwhile, so that nothing is lost in between."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{path.parent}: the {what} cannot be kept there ({error.strerror})"
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
