"""What the gateway asks a server about itself, and what it hears: a closed list, and no row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lucky_mcp.model.names import TableName


class Probe(StrEnum):
    """The questions; their texts live in the adapters."""

    LAG = "lag"
    LOAD = "load"
    PLAN = "plan"
    SIZES = "sizes"


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How many seconds a replica may be behind at most; None when it cannot be told, and `why`."""

    seconds: float | None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a server is doing for others: statements that run now, and those that have run for long.

    None when it cannot be told, and `why`.
    """

    running: int | None
    long_running: int | None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many rows the server expects to examine for a statement, all its steps together; None: not told."""

    rows: float | None


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """About how many rows tables have by the server's statistics; those it says nothing of are left out."""

    rows: Mapping[TableName, float]


Answer = Lag | Load | Plan | Sizes
