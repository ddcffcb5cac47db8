from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest

from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.record import AuditRecord, Begun, Ended, Event, Explained
from lucky_mcp.audit.sink import JsonLinesSink, MemorySink
from lucky_mcp.errors import AuditUnavailable, Code, ConfigurationError

FULL_DEVICE = Path("/dev/full")  # Linux has one: writes to it fail as on a full disk
DESCRIPTORS = 1_024
AT = "2026-02-14T21:04:11.000000Z"
NASTY = 'SELECT "x"\n\r\t\x00\x1b[31m\x7f\x85\u2028\u202e\ud800 -- 咖啡'


def ended(number: int = 1, sql: str = "SELECT 1") -> Ended:
    return Ended(
        id=f"r-{number}", at=AT, principal="ann", source="s", outcome="ok", phase="execute", sql_asked=sql
    )


BEGUN = Begun(
    id="r-1",
    at=AT,
    principal="ann",
    roles=("analyst",),
    source="s",
    policy_digest="p",
    catalog_digest="c",
    references_digest="r",
    sql_asked="a",
    sql_sent="b",
    sql_engine="c",
    tables=("s.t",),
    columns=("s.t.c",),
    filters=("us-market",),
    masks=("s.t.phone:last4",),
)
EXPLAINED = Explained(
    id="r-2", at=AT, principal="ann", roles=(), source="s", verdict="refused", code="UNKNOWN_NAME"
)
EVENT = Event(id="ev-1", at=AT, kind="token.created", principal="operator", target="t-00000000")


@pytest.mark.parametrize("record", [BEGUN, ended(), EXPLAINED, EVENT], ids=lambda record: record.event)
def test_a_record_is_one_flat_object(record: AuditRecord) -> None:
    read = json.loads(to_line(record))
    assert list(read) == ["event", *(field.name for field in fields(record))]
    assert read["event"] == record.event
    for value in read.values():
        assert isinstance(value, str | int | bool) or all(isinstance(entry, str) for entry in value)


def test_a_line_holds_no_control_character_but_its_end() -> None:
    line = to_line(ended(sql=NASTY)).decode("ascii")
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert json.loads(line)["sql_asked"] == NASTY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit" / "audit.jsonl"


def lines(path: Path) -> list[str]:
    """The ids of all whole records; a line that broke off reads as `broken`, a blank one as nothing."""
    found = []
    for line in path.read_text(encoding="ascii").split("\n"):
        try:
            found.append(json.loads(line)["id"] if line else "")
        except ValueError:
            found.append("broken")
    return [entry for entry in found if entry]


def test_records_are_appended_in_a_private_place(path: Path) -> None:
    sink = JsonLinesSink(path)
    sink.write(ended(1))
    sink.close()
    JsonLinesSink(path).write(ended(2))
    assert lines(path) == ["r-1", "r-2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_may_read_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    path.touch(mode=0o644)
    JsonLinesSink(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_directory_open_to_others_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o755)
    with pytest.raises(ConfigurationError, match="chmod 700"):
        JsonLinesSink(path)


def test_a_path_that_is_no_plain_file_is_refused(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        JsonLinesSink(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        JsonLinesSink(path)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(ConfigurationError, match="cannot be made"):
        JsonLinesSink(tmp_path / "state" / "audit" / "audit.jsonl")


def refused(sink: JsonLinesSink, number: int = 9) -> AuditUnavailable:
    with pytest.raises(AuditUnavailable) as caught:
        sink.write(ended(number))
    return caught.value


def no_space(data: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_device(data: bytes) -> int:
    full = os.open(FULL_DEVICE, os.O_WRONLY)
    try:
        return os.write(full, data)
    finally:
        os.close(full)


@pytest.mark.parametrize("full", [no_space, *([full_device] if FULL_DEVICE.exists() else [])])
def test_a_full_disk_is_told_and_heals(path: Path, full: Callable[[bytes], int]) -> None:
    targets = {"full": True}
    sink = JsonLinesSink(path, write=lambda fd, data: full(data) if targets["full"] else os.write(fd, data))
    error = refused(sink)
    assert error.code is Code.AUDIT_UNAVAILABLE
    assert str(path) in error.audit_detail
    assert str(path) not in error.agent_text
    targets["full"] = False
    sink.write(ended(1))
    assert lines(path) == ["r-1"]


@pytest.mark.parametrize("part", [0, 1, 20])
def test_a_short_write_is_told_and_the_next_record_stands_alone(path: Path, part: int) -> None:
    short = [part]
    sink = JsonLinesSink(path, write=lambda fd, data: os.write(fd, data[: short.pop()] if short else data))
    refused(sink)
    sink.write(ended(2))
    sink.write(ended(3))
    assert lines(path) == [*(["broken"] if part else []), "r-2", "r-3"]


def test_two_short_writes_in_a_row(path: Path) -> None:
    short = [12, 7, 1]
    sink = JsonLinesSink(path, write=lambda fd, data: os.write(fd, data[: short.pop(0)] if short else data))
    for _ in range(3):
        refused(sink)
    sink.write(ended(2))
    assert lines(path) == ["broken", "broken", "r-2"]


def test_a_line_left_open_by_a_crash_is_ended_first(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    path.write_text('{"event":"beg')
    JsonLinesSink(path).write(ended(1))
    assert lines(path) == ["broken", "r-1"]


def test_a_deleted_directory_is_told_and_not_made_again(path: Path) -> None:
    sink = JsonLinesSink(path)
    sink.write(ended(1))
    shutil.rmtree(path.parent)
    refused(sink)
    refused(sink)
    assert not path.parent.exists()


def test_a_file_deleted_during_the_write_is_told(path: Path) -> None:
    def write(fd: int, data: bytes) -> int:
        path.unlink()
        return os.write(fd, data)

    refused(JsonLinesSink(path, write=write))


def test_a_rotated_file_is_opened_anew(path: Path) -> None:
    sink = JsonLinesSink(path)
    sink.write(ended(1))
    path.rename(path.with_suffix(".1"))
    sink.write(ended(2))
    assert (lines(path.with_suffix(".1")), lines(path)) == (["r-1"], ["r-2"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_closed_sink_is_told(path: Path) -> None:
    sink = JsonLinesSink(path)
    sink.close()
    sink.close()
    refused(sink)


def descriptor_of(path: Path) -> int:
    """Return the open descriptor of a file, found by its inode."""
    for fd in range(DESCRIPTORS):
        with suppress(OSError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
    raise LookupError(path)


def test_a_descriptor_closed_by_others_is_told(path: Path) -> None:
    """Whatever closes it, the record is not taken for written."""
    sink = JsonLinesSink(path)
    os.close(descriptor_of(path))
    refused(sink)


def test_a_file_size_limit_of_the_system_is_told(path: Path, source_root: Path) -> None:
    script = f"""
import resource, sys
from pathlib import Path
from lucky_mcp.audit.record import Ended
from lucky_mcp.audit.sink import JsonLinesSink
from lucky_mcp.errors import AuditUnavailable
sink = JsonLinesSink(Path({str(path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for number in range(9):
    record = Ended(id=str(number), at="", principal="", source="", outcome="ok", phase="")
    try:
        sink.write(record)
    except AuditUnavailable:
        print(number)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(source_root.parent)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    failed = done.stdout.split()
    assert failed and len(failed) + len([name for name in lines(path) if name != "broken"]) == 9


def test_threads_never_mix_their_lines(path: Path) -> None:
    sink = JsonLinesSink(path)

    def write_hundred(first: int) -> None:
        for number in range(first, first + 100):
            sink.write(ended(number))

    threads = [
        threading.Thread(target=lambda first=first: write_hundred(first)) for first in range(0, 800, 100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lines(path)) == sorted(f"r-{number}" for number in range(800))


def test_the_memory_sink_breaks_on_demand() -> None:
    sink = MemorySink()
    sink.write(BEGUN)
    sink.broken = True
    with pytest.raises(AuditUnavailable):
        sink.write(ended())
    assert sink.records == [BEGUN]
