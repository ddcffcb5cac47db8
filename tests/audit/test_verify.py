"""Whatever is done to a log is found: every byte, lines, segments, heads."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lucky_mcp.audit.keys import AuditKeys
from lucky_mcp.audit.rotation import Rotation
from lucky_mcp.audit.verify import verify
from tests.audit.samples import ended
from tests.support.audit_log import KEYS, OTHER_KEY, audit_sink, files

Log = dict[str, bytes]
SMALL = Rotation(bytes_max=1_200)
UNFINISHED = b'{"event":"begun","id"'


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Two chains: one of three segments with an unfinished record in between, one of another process."""
    directory = tmp_path_factory.mktemp("log") / "audit"
    first = audit_sink(directory, rotation=SMALL)
    other = audit_sink(directory)
    other.write(ended(30))
    other.sync()
    for number in range(4):
        first.write(ended(number))
    first.close()
    with files_of(directory, first.chain)[-1].open("ab") as file:
        file.write(UNFINISHED)
    again = audit_sink(directory, rotation=SMALL)
    assert again.chain == first.chain
    again.write(ended(4))
    again.close()
    other.close()
    found = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert len(found) == 6, sorted(found)
    assert verify(directory, KEYS).faults == ()
    return found


@pytest.fixture(scope="module")
def copy(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Log], Path]:
    directory = tmp_path_factory.mktemp("copy") / "audit"
    directory.mkdir(mode=0o700)
    for name, content in log.items():
        (directory / name).write_bytes(content)

    before: Log = {}

    def changed(changes: Log) -> Path:
        """Return the log with these files put in place of its own; the next call begins anew."""
        for path in directory.iterdir():
            if path.name not in log:
                path.unlink()
        for name in log:
            if name in before or not (directory / name).exists():
                (directory / name).write_bytes(log[name])
        before.clear()
        before.update(changes)
        for name, content in changes.items():
            (directory / name).write_bytes(content)
        return directory

    return changed


def files_of(directory: Path, chain: str) -> list[Path]:
    return [path for path in files(directory) if chain in path.name]


def segments(log: Log) -> list[str]:
    return [name for name in sorted(log) if name.endswith(".jsonl")]


def heads(log: Log) -> list[str]:
    return [name for name in sorted(log) if name.endswith(".head")]


def is_found(directory: Path) -> bool:
    return bool(verify(directory, KEYS).faults)


def test_every_byte(log: Log, copy: Callable[[Log], Path]) -> None:
    """Of one segment, that with an unfinished record at its end, and of one head; of the others every twentieth."""
    missed, whole = [], {next(name for name in log if log[name].endswith(UNFINISHED)), heads(log)[0]}
    for name, content in log.items():
        for place in range(0, len(content), 1 if name in whole else 20):
            flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            if not is_found(copy({name: flipped})):
                missed.append((name, place, content[place : place + 20]))
    assert missed == []


@given(st.data())
def test_any_bytes_put_in_place_of_others(log: Log, copy: Callable[[Log], Path], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(segments(log)))
    content = log[name]
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))
    other = data.draw(st.binary(max_size=40))
    changed = content[:start] + other + content[end:]
    directory = copy({name: changed})
    # Bytes of an unfinished record that were added at the end of all were never a part of the log.
    is_addition = changed.startswith(content) and b"\n" not in changed[len(content) :]
    assert is_found(directory) or changed == content or is_addition


@given(st.data())
def test_lines_deleted_repeated_and_moved(log: Log, copy: Callable[[Log], Path], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(segments(log)))
    lines = log[name].splitlines(keepends=True)
    order = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=len(lines) + 1))
    changed = b"".join(lines[index] for index in order)
    assert is_found(copy({name: changed})) or changed == log[name]


def test_every_line_cut_off_at_the_end(log: Log, copy: Callable[[Log], Path]) -> None:
    """The head knows of lines that are gone; it cannot be made to say less without the key."""
    for name in segments(log):
        lines = log[name].splitlines(keepends=True)
        for kept in range(len(lines)):
            assert is_found(copy({name: b"".join(lines[:kept])}))


def test_files_taken_away_or_exchanged(log: Log, copy: Callable[[Log], Path]) -> None:
    for name in log:
        directory = copy({})
        (directory / name).unlink()
        if name != other_chain(log) or not name.endswith(".jsonl"):
            assert is_found(directory), name
        for instead in log:
            assert name == instead or is_found(copy({name: log[instead]}))


def test_a_whole_chain_taken_away_is_known_to_segments_begun_after_it(
    log: Log, copy: Callable[[Log], Path]
) -> None:
    directory = copy({})
    chain = other_chain(log)[6:14]
    for path in directory.iterdir():
        if chain in path.name:
            path.unlink()
    assert f"{chain}: segment" in str(verify(directory, KEYS).faults)


def test_a_log_put_back_to_an_earlier_state_is_known_to_heads_noted_elsewhere(tmp_path: Path) -> None:
    """Head and lines cut off together: the directory alone cannot tell, a head kept elsewhere can."""
    directory, earlier = tmp_path / "audit", tmp_path / "earlier"
    sink = audit_sink(directory)
    sink.write(ended(1))
    sink.close()
    shutil.copytree(directory, earlier)
    noted = verify(directory, KEYS).heads
    sink = audit_sink(directory)
    sink.write(ended(2))
    sink.close()
    assert verify(directory, KEYS, noted).faults == ()
    noted = verify(directory, KEYS).heads
    assert verify(earlier, KEYS).faults == ()
    assert "a head noted earlier knows of line 3" in str(verify(earlier, KEYS, noted).faults)


def test_lines_lost_before_a_restart_stay_known(log: Log, copy: Callable[[Log], Path]) -> None:
    """A gateway that starts on a log that lost lines goes on, and the loss can be seen for ever."""
    changes = {name: b"".join(log[name].splitlines(keepends=True)[:-1]) for name in segments(log)[-1:]}
    directory = copy(dict(log) | changes)
    for _ in range(3):
        sinks = [audit_sink(directory), audit_sink(directory)]
        for sink in sinks:
            sink.write(ended(40))
            sink.close()
        assert "are missing before it" in str(verify(directory, KEYS).faults)


def test_whoever_has_not_the_key_can_forge_nothing(log: Log, tmp_path: Path) -> None:
    directory = tmp_path / "audit"
    forged = audit_sink(directory, keys=AuditKeys(current=OTHER_KEY))
    forged.write(ended(1))
    forged.close()
    assert is_found(directory)


def test_a_log_that_is_written_meanwhile_has_no_faults(tmp_path: Path) -> None:
    directory, done = tmp_path / "audit", threading.Event()

    def write() -> None:
        while not done.is_set():
            sink = audit_sink(directory, rotation=SMALL)
            for number in range(20):
                sink.write(ended(number))
                sink.sync()
            sink.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        faults = [verify(directory, KEYS).faults for _ in range(15)]
    finally:
        done.set()
        for writer in writers:
            writer.join()
    assert faults == [()] * 15
    assert verify(directory, KEYS).segments > 4


def test_a_process_killed_while_it_began_left_a_head_without_a_chain(tmp_path: Path) -> None:
    directory = tmp_path / "audit"
    directory.mkdir(mode=0o700)
    (directory / "audit-00000000.head").touch(mode=0o600)
    assert verify(directory, KEYS).faults == ()
    sink = audit_sink(directory)
    sink.write(ended(1))
    sink.close()
    assert sink.chain == "00000000" and verify(directory, KEYS).faults == ()
    (directory / "audit-00000000.head").write_bytes(b"")
    assert verify(directory, KEYS).faults != ()


def test_an_empty_directory_has_no_faults(tmp_path: Path) -> None:
    found = verify(tmp_path / "none", KEYS)
    assert (found.faults, found.lines) == ((), 0)


def other_chain(log: Log) -> str:
    """The only segment of the other process's chain."""
    names = segments(log)
    (alone,) = [name for name in names if sum(name[:14] in each for each in names) == 1]
    return alone
