"""The driver's connection, made to end its socket when it fails, and to hand rows over as they come.

The driver reads a whole answer into memory before it returns. A cursor of the server would bound that, at
more round trips and with the whole answer laid out on the leader node first. Here the messages that follow
the query are left in the socket until rows are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from redshift_connector.core import READY_FOR_QUERY, Connection
from redshift_connector.utils.type_utils import ci_unpack

from lucky_mcp.adapters.redshift_values import read_values_plainly
from lucky_mcp.adapters.session import shut

HEADER_BYTES = 5
# Each text is sent once: statements without a name, so that the server keeps none.
PREPARED_KEPT = 0
# Values as text, the only form that servers of every version give.
PROTOCOL = 0


class Wire(Connection):
    """One connection that commits nothing by itself and begins no transaction unasked."""

    def __init__(self, **where: Any) -> None:
        """Connect; `where` is what the driver's Connection takes. The driver's errors otherwise."""
        self._streams = False
        try:
            super().__init__(
                **where,
                application_name="lucky-mcp",
                max_prepared_statements=PREPARED_KEPT,
                client_protocol_version=PROTOCOL,
            )
        except BaseException:
            self.end()
            raise
        self.autocommit = True
        read_values_plainly(self.redshift_types)

    def rows_of(self, text: str, *values: str) -> list[tuple[object, ...]]:
        """Run one statement and return all its rows: for our own short ones.

        `values` stand for each `%s`, and travel beside the text.
        """
        with self.cursor() as cursor:
            cursor.execute(text, values or None)
            return [tuple(row) for row in cursor._cached_rows]

    def stream(self, text: str) -> Stream:
        """Run one statement; its rows are still on their way."""
        self._caches.clear()  # or the driver keeps every text that was ever asked
        cursor = self.cursor()
        self._streams = True
        try:
            cursor.execute(text)
        finally:
            self._streams = False
        return Stream(self, cursor)

    def handle_messages(self, cursor: Any) -> None:
        """Read the server's messages up to its being ready, but for those that a stream reads later."""
        if not (self._streams and "bind_2" in cursor.ps):
            super().handle_messages(cursor)

    def one_message(self, cursor: Any) -> bool:
        """Read one message into the cursor; False for the last one. The server's error is raised then."""
        header = self._read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            raise ConnectionError("the server has closed the connection")
        code, size = ci_unpack(header)
        self.message_types[code](self._read(size - 4), cursor)
        if code == READY_FOR_QUERY and self.error is not None:
            raise self.error
        return bool(code != READY_FOR_QUERY)

    def set_timeout(self, seconds: float) -> None:
        """Give up on a server that says nothing for so long."""
        self._usock.settimeout(seconds)

    def shut(self) -> None:
        """From another thread: wake up whoever waits on this connection."""
        shut(getattr(self, "_usock", None))

    def end(self) -> None:
        """Close the socket without a word; the driver leaves its own open when it fails to connect."""
        for part in ("_sock", "_usock"):
            line = getattr(self, part, None)
            if line is not None:
                with suppress(OSError, ValueError):
                    line.close()


class Stream:
    """Rows of one statement, as they come."""

    def __init__(self, wire: Wire, cursor: Any) -> None:
        self._cursor = cursor
        self._messages = self._read(wire)
        self.is_over = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(str(column[0]) for column in self._cursor.description or ())

    def fetchmany(self, size: int, /) -> list[tuple[object, ...]]:
        """Return up to `size` further rows, none at the end."""
        waiting = self._cursor._cached_rows
        while len(waiting) < size and next(self._messages, None):
            pass
        return [tuple(waiting.popleft()) for _ in range(min(size, len(waiting)))]

    def _read(self, wire: Wire) -> Iterator[bool]:
        wire.error = None
        while wire.one_message(self._cursor):
            yield True
        self.is_over = True
