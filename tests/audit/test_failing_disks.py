"""What a sink says it has, it has, whatever the disk does; what broke off stays, and the chain goes on."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lucky_mcp.audit.verify import verify
from lucky_mcp.errors import AuditUnavailable, Code, ConfigurationError
from tests.audit.samples import ended, ids, refused, sound
from tests.support.audit_log import KEYS, audit_sink, files

FULL_DEVICE = Path("/dev/full")  # Linux has one: writes to it fail as on a full disk


def test_a_directory_that_cannot_be_made_or_written_is_refused(directory: Path) -> None:
    directory.parent.parent.mkdir(exist_ok=True)
    directory.parent.touch()
    with pytest.raises(ConfigurationError, match="cannot be made"):
        audit_sink(directory)
    directory.parent.unlink()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        audit_sink(directory, write_bytes=lambda fd, data: no_space(data))
    assert files(directory) == []


def no_space(data: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_device(data: bytes) -> int:
    full = os.open(FULL_DEVICE, os.O_WRONLY)
    try:
        return os.write(full, data)
    finally:
        os.close(full)


@pytest.mark.parametrize("full", [no_space, *([full_device] if FULL_DEVICE.exists() else [])])
async def test_a_full_disk_is_told_and_heals(directory: Path, full: Callable[[bytes], int]) -> None:
    faults = [False]
    sink = audit_sink(directory, write_bytes=lambda fd, data: full(data) if faults[0] else os.write(fd, data))
    faults[0] = True
    error = refused(sink)
    assert error.code is Code.AUDIT_UNAVAILABLE
    assert str(directory) in error.audit_detail and str(directory) not in error.agent_text
    faults[0] = False
    sink.write(ended(1))
    await sink.durable()
    sink.close()
    assert (ids(directory), sound(directory).segments) == (["r-1"], 1)


@pytest.mark.parametrize("parts", [[0], [1], [20], [12, 7], [40, 0, 3]])
def test_a_short_write_is_told_kept_and_gone_on_from(directory: Path, parts: list[int]) -> None:
    left: list[int] = []
    sink = audit_sink(
        directory, write_bytes=lambda fd, data: os.write(fd, data[: left.pop(0)] if left else data)
    )
    sink.write(ended(1))
    left += parts
    for _ in parts:
        refused(sink)
    sink.write(ended(2))
    sink.write(ended(3))
    sink.close()
    assert ids(directory) == ["r-1", "r-2", "r-3"]
    assert sound(directory).segments == (2 if any(parts) else 1)


async def test_a_record_whose_sync_failed_is_refused_then_and_later(directory: Path) -> None:
    """What a system may have forgotten is not taken for kept because a later sync went well."""
    fail = [False]

    def sync(fd: int) -> None:
        if fail[0]:
            raise OSError(errno.EIO, "no")
        os.fsync(fd)

    sink = audit_sink(directory, sync_file=sync)
    sink.write(ended(1))
    fail[0] = True
    with pytest.raises(AuditUnavailable):
        await sink.durable()
    fail[0] = False
    with pytest.raises(AuditUnavailable):
        await sink.durable()
    sink.write(ended(2))
    await sink.durable()
    sink.close()
    assert (sound(directory).segments, ids(directory)) == (2, ["r-1", "r-2"])


async def test_a_disk_that_hangs_is_told(directory: Path) -> None:
    go_on = threading.Event()
    go_on.set()
    sink = audit_sink(directory, sync_file=lambda fd: go_on.wait(60) and None, sync_seconds=0.05)
    go_on.clear()
    for number in (1, 2):
        sink.write(ended(number))
        with pytest.raises(AuditUnavailable):
            await sink.durable()
    go_on.set()
    sink.write(ended(3))
    sink.close()
    assert ids(directory) == ["r-1", "r-2", "r-3"]
    sound(directory)


def test_a_line_left_open_by_a_crash_is_kept_and_gone_on_from(directory: Path) -> None:
    sink = audit_sink(directory)
    sink.write(ended(1))
    sink.close()
    (path,) = files(directory)
    with path.open("ab") as file:
        file.write(b'{"event":"beg')
    assert "13 bytes of a record that was not finished" in str(sound(directory).notes)
    again = audit_sink(directory)
    again.write(ended(2))
    again.close()
    assert (sound(directory).segments, ids(directory)) == (2, ["r-1", "r-2"])


def test_a_deleted_directory_is_told_and_not_made_again(directory: Path) -> None:
    sink = audit_sink(directory)
    shutil.rmtree(directory)
    refused(sink)
    refused(sink)
    assert not directory.exists()


def test_a_file_that_was_deleted_or_moved_is_told_by_verify(directory: Path) -> None:
    def write(fd: int, data: bytes) -> int:
        if b"r-2" in data and files(directory):
            files(directory)[0].unlink()
        return os.write(fd, data)

    sink = audit_sink(directory, write_bytes=write)
    sink.write(ended(1))
    refused(sink, 2)
    sink.write(ended(3))
    sink.close()
    assert ids(directory) == ["r-3"]
    assert "the segments before" in str(verify(directory, KEYS).faults)


def test_a_descriptor_closed_by_others_is_told_or_replaced(directory: Path) -> None:
    """Whatever closes it, no record is taken for written that is not there."""
    sink = audit_sink(directory)
    (path,) = files(directory)
    for fd in range(1_024):
        try:
            is_it = os.path.samestat(os.fstat(fd), path.stat())
        except OSError:
            continue
        if is_it:
            os.close(fd)
            break
    sink.write(ended(1))
    sink.close()
    assert (ids(directory), sound(directory).segments) == (["r-1"], 2)


def test_a_file_size_limit_of_the_system_is_told(directory: Path, project_root: Path) -> None:
    script = f"""
import resource
from pathlib import Path
from tests.audit.samples import ended
from tests.support.audit_log import audit_sink
from lucky_mcp.errors import AuditUnavailable
sink = audit_sink(Path({str(directory)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for number in range(20):
    try:
        sink.write(ended(number, "SELECT 1" * number * 20))
    except AuditUnavailable:
        print(f"r-{{number}}")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    failed = done.stdout.split()
    assert failed and not set(failed) & set(ids(directory)) and len(failed) + len(ids(directory)) == 20
    sound(directory)
