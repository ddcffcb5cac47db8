"""What every adapter is: something that runs a GuardedRead under its bounds, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedRead, GuardedSql
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.probe import Answer
from lucky_mcp.model.result import Summary


@dataclass(frozen=True, kw_only=True)
class EngineRows:
    """What an engine gave: at most `rows_max + 1` rows, fewer when the byte bound was met.

    `bytes` counts the cells as text in UTF-8; `bytes_met` says that rows were left unread for it.
    `notes` are for the caller's receipt, `summary` is a second table.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    bytes: int
    bytes_met: bool
    cells_cut: int = 0
    notes: tuple[str, ...] = ()
    summary: Summary | None = None


def text_of(read: GuardedRead, *, fenced: bool) -> str:
    """Return the text that an engine of SQL gets; EngineError for a read of keys."""
    if not isinstance(read, GuardedSql):
        raise EngineError(EngineErrorKind.INVALID_QUERY, "this engine has no keys")
    return read.text_fenced if fenced else read.text


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Connections of one source in this process: in use, waiting to be used, and how many there may be."""

    in_use: int
    idle: int
    places: int


@runtime_checkable
class Pooled(Protocol):
    """An adapter that keeps connections."""

    def usage(self) -> Usage:
        """Say how many there are."""


@runtime_checkable
class Checkable(Protocol):
    """An adapter whose connection can be tried without reading anything."""

    async def check(self) -> None:
        """Connect and look at the account; EngineError when a read could not begin."""


@runtime_checkable
class Probeable(Protocol):
    """An adapter whose server can be asked about itself."""

    async def probe(self, read: GuardedProbe) -> Answer:
        """Return what the server says, within PROBE_SECONDS; EngineError otherwise."""


class Adapter(Protocol):
    """One source's connection to its engine."""

    async def run(self, read: GuardedRead, *, fenced: bool) -> EngineRows:
        """Run the read (its fenced text when asked) within its bounds; EngineError otherwise.

        When the awaiting task is cancelled the query is stopped in the engine before this returns.
        """

    async def close(self) -> None:
        """Give back every connection; later runs raise EngineError."""
