"""The audit log of one process: sealed lines in segments, on the disk before anybody is answered."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lucky_mcp.audit.chain import Tail, sealed
from lucky_mcp.audit.head import Head, HeadFile, read_head, take_head
from lucky_mcp.audit.keys import AuditKeys
from lucky_mcp.audit.line import to_line
from lucky_mcp.audit.literals import Literals
from lucky_mcp.audit.opening import opened
from lucky_mcp.audit.record import AuditRecord, Event
from lucky_mcp.audit.room import has_room
from lucky_mcp.audit.rotation import DAILY, Rotation
from lucky_mcp.audit.segment_files import (
    begin_file,
    chains_in,
    make_private_directory,
    open_to_append,
    segment_path,
    segments_in,
)
from lucky_mcp.audit.segment_records import Closed
from lucky_mcp.audit.sink import SinkState, unavailable
from lucky_mcp.audit.walk import walk
from lucky_mcp.errors import ConfigurationError

# A disk that takes longer is as good as full: callers hear of it instead of waiting for ever.
SYNC_SECONDS = 15.0


class SegmentedSink:
    """Appends records to a chain that no other process writes; what is found broken is left as it is.

    A process goes on with a chain that nobody holds, else it begins one of its own. `write` hands a record
    to the operating system, an event straight to the disk; `durable` waits until what was written is on the
    disk, for all who wait at once. After a write or sync that failed the next record begins a new segment.
    `write_bytes` and `sync_file` stand in for os.write and os.fsync in fault tests.
    """

    def __init__(
        self,
        directory: Path,
        keys: AuditKeys,
        *,
        now: Callable[[], datetime],
        rotation: Rotation = DAILY,
        write_bytes: Callable[[int, bytes], int] = os.write,
        sync_file: Callable[[int], None] = os.fsync,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        self.directory = directory
        self._keys = keys
        self._literals = Literals(keys.current)
        self._now = now
        self._rotation = rotation
        self._write_bytes = write_bytes
        self._sync_file = sync_file
        self._sync_seconds = sync_seconds
        self._lock = threading.Lock()
        # One thread: whoever waits behind a sync finds itself synced by the next one with all others.
        self._syncer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audit-sync")
        self._fd = -1
        self._held: os.stat_result | None = None
        self._number = 0
        self._size = 0
        self._tail = Tail()
        self._seq_before = 0
        self._synced = 0
        self._doubtful = range(0)
        self._opened_at = now()
        self._must_begin = True
        self._closed = False
        make_private_directory(directory)
        try:
            self._head = self._take_chain()
            try:
                with self._lock:
                    self._resume()
                    self._ready()
                self.sync()
            except OSError:
                self._head.close()
                raise
        except OSError as error:
            raise ConfigurationError(
                f"{directory}: the audit log cannot be written ({error.strerror or error}); make it a"
                " directory that this user may write, with space"
            ) from error

    @property
    def chain(self) -> str:
        """The chain that this process writes."""
        return self._head.chain

    def write(self, record: AuditRecord) -> None:
        """Append `record`; AuditUnavailable when it did not reach the file completely."""
        line = to_line(self._literals.scrubbed(record))
        try:
            with self._lock:
                self._ready()
                self._append(line)
            if isinstance(record, Event):
                self.sync()
        except OSError as error:
            raise unavailable(f"{self.directory}: {error}") from error

    async def durable(self) -> None:
        """Wait until every record written so far is on the disk; AuditUnavailable when it may not be."""
        seq = self._tail.seq
        if self._synced >= seq and seq not in self._doubtful:
            return
        try:
            async with asyncio.timeout(self._sync_seconds):
                await asyncio.get_running_loop().run_in_executor(self._syncer, self.sync, seq)
        except (OSError, RuntimeError) as error:  # TimeoutError is one; RuntimeError: closed meanwhile
            raise unavailable(f"{self.directory}: {error}") from error

    def sync(self, seq: int | None = None) -> None:
        """Put on the disk what was written up to line `seq`, everything when left out; OSError otherwise."""
        with self._lock:
            if self._fd < 0:
                raise OSError("the sink is closed")
            wanted = self._tail.seq if seq is None else seq
            if wanted in self._doubtful:
                raise OSError("an earlier sync of these records failed")
            if self._synced >= wanted:
                return
            target, number, fd = self._tail, self._number, os.dup(self._fd)
        try:
            self._sync_file(fd)
        except OSError:
            with self._lock:
                self._doubt()
            raise
        finally:
            os.close(fd)
        with self._lock:
            self._known_on_disk(target, number)

    def _doubt(self) -> None:
        """A system may forget what a failed sync left unwritten: nobody is answered on the strength of it."""
        self._doubtful = range(self._synced + 1, self._tail.seq + 1)
        self._must_begin = True

    def state(self) -> SinkState:
        """Say how the log stands; nothing is written for it."""
        return SinkState(
            pending=self._tail.seq - self._synced,
            segment=self._number,
            bytes=self._size,
            age_s=(self._now() - self._opened_at).total_seconds(),
            is_writable=not self._closed and has_room(self.directory),
        )

    def close(self) -> None:
        """Sync and give the chain back; later writes raise AuditUnavailable."""
        if self._closed:
            return
        self._syncer.shutdown()
        try:
            self.sync()
        except OSError as error:
            raise unavailable(f"{self.directory}: {error}") from error
        finally:
            with self._lock:
                self._closed = True
                self._close_file()
                self._head.close()

    def _known_on_disk(self, tail: Tail, number: int) -> None:
        if tail.seq > self._synced:
            self._synced = tail.seq
            self._head.write(Head(segment=number, tail=tail), self._keys.current)

    def _take_chain(self) -> HeadFile:
        for chain in chains_in(self.directory):
            head = take_head(self.directory, chain)
            if head is not None:
                return head
        made = None
        while made is None:
            made = take_head(self.directory, secrets.token_hex(4), new=True)
        # Before there is a segment, so that a chain whose head says nothing never was.
        made.write(Head(segment=0, tail=Tail()), self._keys.current)
        return made

    def _resume(self) -> None:
        """Find the end of the chain; go on in its last segment if that ends as it should."""
        segments = [each for each in segments_in(self.directory) if each.chain == self.chain]
        head = read_head(self.directory, self.chain, self._keys)
        self._seq_before = head.tail.seq if head else 0
        if not segments:
            return
        last = segments[-1]
        found = walk(last.path, self._keys)
        self._number, self._tail, self._size = last.number, found.good, found.good_bytes
        is_whole = not found.why and not found.torn and found.good.seq >= self._seq_before
        is_ours = found.key is not None and found.key.id == self._keys.current.id
        if is_whole and is_ours and not found.ends_closed:
            self._hold(open_to_append(last.path))
            self._opened_at = datetime.fromisoformat(found.opened["at"])
            self._must_begin = False

    def _ready(self) -> None:
        """Have a segment that may be appended to."""
        if self._closed:
            raise OSError("the sink is closed")
        if not self._must_begin and not self._is_current():
            self._must_begin = True
        if not self._must_begin and (why := self._is_due()):
            self._append(to_line(Closed(at=_text(self._now()), why=why)))
            self._must_begin = True
        if self._must_begin:
            self._begin()

    def _is_due(self) -> str:
        if self._size >= self._rotation.bytes_max:
            return "size"
        return "age" if self._now() - self._opened_at >= self._rotation.age_max else ""

    def _is_current(self) -> bool:
        """Whether the open file is still the one its path names."""
        path = segment_path(self.directory, self.chain, self._number)
        try:
            return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(self._fd))
        except OSError:
            return False

    def _append(self, line: bytes) -> None:
        data, tail = sealed(line, chain=self.chain, tail=self._tail, key=self._keys.current.chain)
        try:
            written = self._write_bytes(self._fd, data)
            if written != len(data):
                raise OSError(f"short write: {written} of {len(data)} bytes")
            if os.fstat(self._fd).st_nlink == 0:
                raise OSError("the file was deleted while it was written")
        except OSError:
            # The system may have kept a part without saying so.
            self._must_begin = self._must_begin or os.fstat(self._fd).st_size != self._size
            raise
        self._tail, self._size = tail, self._size + len(data)

    def _begin(self) -> None:
        """Begin a segment that goes on from the last good line; the one before is synced first."""
        if self._fd >= 0:
            self._sync_before()
            self._close_file()
        now, number = self._now().astimezone(UTC), self._number + 1
        first = opened(
            self.directory,
            self.chain,
            self._keys,
            at=now,
            number=self._number,
            tail=self._tail,
            size=self._size,
        )
        path = segment_path(self.directory, self.chain, number)
        before = Tail(seq=max(self._tail.seq, self._seq_before), mac=self._tail.mac)
        data, tail = sealed(to_line(first), chain=self.chain, tail=before, key=self._keys.current.chain)
        fd = begin_file(path, data, self._write_bytes)
        self._number, self._tail, self._size = number, tail, len(data)
        self._hold(fd)
        self._opened_at, self._must_begin = now, False

    def _sync_before(self) -> None:
        if self._doubtful and self._tail.seq in self._doubtful:
            return
        try:
            self._sync_file(self._fd)
            self._known_on_disk(self._tail, self._number)
        except OSError:
            self._doubt()

    def _hold(self, fd: int) -> None:
        self._fd, self._held = fd, os.fstat(fd)

    def _close_file(self) -> None:
        """Give the descriptor back, unless somebody closed it and it is another file's by now."""
        with suppress(OSError):
            if self._held is not None and os.path.samestat(os.fstat(self._fd), self._held):
                os.close(self._fd)
        self._fd, self._held = -1, None


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
