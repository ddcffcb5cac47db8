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


class Access(StrEnum):
    """How a step of a plan comes to its rows; the engines' own words are put under these."""

    NOTHING = "no row: its conditions exclude all, or no row has the key"
    KEY = "at most one row, by a unique key"
    LOOKUP = "rows of given index values"
    RANGE = "a part of an index"
    WHOLE_INDEX = "a whole index"
    WHOLE_TABLE = "every row"
    DERIVED = "an intermediate result"
    OTHER = "in another way"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a plan: the table as the server names it in the plan, "" where it reads none."""

    table: str
    access: Access
    index: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many rows the server expects to examine for a statement, all its steps together; None: not told.

    `steps` are what it reads, in the order of the plan, without a condition or a number of it.
    """

    rows: float | None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """About how many rows tables have by the server's statistics; those it says nothing of are left out."""

    rows: Mapping[TableName, float]


Answer = Lag | Load | Plan | Sizes
