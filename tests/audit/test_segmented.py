"""Chains and segments: private, rotated, taken up again, and on the disk before anybody is told."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lucky_mcp.audit.keys import AuditKeys
from lucky_mcp.audit.rotation import Rotation
from lucky_mcp.audit.verify import verify
from lucky_mcp.errors import ConfigurationError
from tests.audit.samples import EVENT, ended, ids, refused, sound
from tests.support.audit_log import KEY, KEYS, OTHER_KEY, audit_sink, files


def test_records_are_appended_in_a_private_place_and_a_restart_goes_on(directory: Path) -> None:
    for number in (1, 2):
        sink = audit_sink(directory)
        sink.write(ended(number))
        sink.close()
    assert ids(directory) == ["r-1", "r-2"]
    (path,) = files(directory)
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in directory.iterdir())
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert (sound(directory).chains, sound(directory).lines) == (1, 3)
    path.chmod(0o644)
    audit_sink(directory).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_processes_at_once_have_chains_of_their_own_and_later_ones_take_them_up(directory: Path) -> None:
    sinks = [audit_sink(directory) for _ in range(3)]
    for number, sink in enumerate(sinks):
        sink.write(ended(number))
        sink.close()
    assert len({sink.chain for sink in sinks}) == 3
    late = audit_sink(directory)
    assert late.chain in {sink.chain for sink in sinks}
    late.write(ended(3))
    late.close()
    assert (sound(directory).chains, sorted(ids(directory))) == (3, ["r-0", "r-1", "r-2", "r-3"])


def test_segments_end_by_size_and_by_age_and_the_chain_goes_on(directory: Path) -> None:
    times = [datetime(2026, 2, 14, tzinfo=UTC)]
    rotation = Rotation(bytes_max=2_000, age_max=timedelta(hours=24))
    sink = audit_sink(directory, clock=lambda: times[-1], rotation=rotation)
    for number in range(12):
        sink.write(ended(number))
    by_size = len(files(directory))
    assert by_size > 2 and all(path.stat().st_size < 3_000 for path in files(directory))
    times.append(times[-1] + timedelta(hours=25))
    sink.write(ended(12))
    sink.close()
    assert len(files(directory)) == by_size + 1
    assert sound(directory).segments == by_size + 1
    assert ids(directory) == [f"r-{number}" for number in range(13)]
    times.append(times[-1] + timedelta(hours=25))
    audit_sink(directory, clock=lambda: times[-1]).close()
    assert sound(directory).segments == by_size + 2


def test_another_key_begins_another_segment_and_both_are_needed(directory: Path) -> None:
    sink = audit_sink(directory)
    sink.write(ended(1))
    sink.close()
    both = AuditKeys(current=OTHER_KEY, previous=(KEY,))
    later = audit_sink(directory, keys=both)
    later.write(ended(2))
    later.close()
    assert (sound(directory, both).segments, ids(directory)) == (2, ["r-1", "r-2"])
    for lacking in (KEYS, AuditKeys(current=OTHER_KEY)):
        assert "a key that is not at hand" in str(verify(directory, lacking).faults)


def test_a_directory_open_to_others_is_refused(directory: Path) -> None:
    directory.mkdir(parents=True)
    directory.chmod(0o755)
    with pytest.raises(ConfigurationError, match="chmod 700"):
        audit_sink(directory)


def test_a_segment_that_is_no_plain_file_is_refused(directory: Path, tmp_path: Path) -> None:
    sink = audit_sink(directory)
    sink.close()
    (path,) = files(directory)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        audit_sink(directory)


async def test_nobody_is_told_before_the_disk_has_it_and_one_sync_serves_many(directory: Path) -> None:
    go_on, synced = threading.Event(), []

    def sync(fd: int) -> None:
        assert go_on.wait(60)
        synced.append(os.fstat(fd).st_size)

    go_on.set()
    sink = audit_sink(directory, sync_file=sync)
    go_on.clear()
    synced.clear()
    waiting = []
    for number in range(20):
        sink.write(ended(number))
        waiting.append(asyncio.create_task(sink.durable()))
    done, _ = await asyncio.wait(waiting, timeout=0.05)
    assert not done
    go_on.set()
    await asyncio.gather(*waiting)
    assert len(synced) <= 2 and synced[-1] == files(directory)[0].stat().st_size
    sink.close()


def test_an_event_is_on_the_disk_when_write_returns(directory: Path) -> None:
    synced = []
    sink = audit_sink(directory, sync_file=lambda fd: synced.append(os.fstat(fd).st_size))
    sink.write(ended(1))
    before = len(synced)
    sink.write(EVENT)
    assert len(synced) == before + 1 and synced[-1] == files(directory)[0].stat().st_size
    sink.close()


def test_a_closed_sink_is_told(directory: Path) -> None:
    sink = audit_sink(directory)
    sink.close()
    sink.close()
    refused(sink)


def test_threads_never_mix_their_lines(directory: Path) -> None:
    sink = audit_sink(directory)

    def write_hundred(first: int) -> None:
        for number in range(first, first + 100):
            sink.write(ended(number))

    threads = [threading.Thread(target=write_hundred, args=(first,)) for first in range(0, 800, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.close()
    assert sorted(ids(directory)) == sorted(f"r-{number}" for number in range(800))
    assert sound(directory).lines == 801
