"""What a read gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Truncation(StrEnum):
    """Why rows that exist are not in the result."""

    NONE = "none"
    ROWS = "rows"
    BYTES = "bytes"


@dataclass(frozen=True, kw_only=True)
class Digests:
    """Which snapshots the answer was made under (hex, first 16 of sha256)."""

    policy: str
    catalog: str
    references: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a caller must know to read the rows rightly, and to name this read later.

    `filters` are rule ids; `masked` are (column, mask) pairs; `not_filtered` are (table, why) pairs,
    `waivers` (table, what holds for this caller alone, until when and why).
    """

    id: str
    source: str
    elapsed_ms: int
    filters: tuple[str, ...]
    masked: tuple[tuple[str, str], ...]
    not_filtered: tuple[tuple[str, str], ...]
    digests: Digests
    notes: tuple[str, ...] = ()
    waivers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What is told beside the rows, as a table of its own."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ReadResult:
    """Rows under their caps: `rows` are tuples in the order of `columns`, values as the driver gave them.

    `columns` may repeat a name. `cells_cut` counts cells shortened to the cell bound.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    truncation: Truncation
    rows_max: int
    rows_cap: int
    bytes: int
    cells_cut: int
    receipt: Receipt
    summary: Summary | None = None


@dataclass(frozen=True, kw_only=True)
class AppliedRule:
    """One obligation as an explanation shows it."""

    table: str
    effect: str
    rule_id: str
    place: str
    why: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One step of a server's plan; `rows_at_least` is a power of ten of the whole table, "" if not known."""

    table: str
    access: str
    index: str
    rows_at_least: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What `Gateway.read` would do, step for step, without doing it.

    `plan` is the server's plan for callers who may see one; `no_plan` is why such a caller gets none.
    """

    source: str
    dialect: str
    sql_sent: str
    sql_engine: str
    tables: tuple[str, ...]
    applied: tuple[AppliedRule, ...]
    rows_max: int
    timeout_ms: int
    receipt_id: str
    digests: Digests
    notes: tuple[str, ...] = ()
    plan: tuple[PlanStep, ...] = ()
    no_plan: str = ""
