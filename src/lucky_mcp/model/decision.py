"""What policy says about one read: Permit with obligations, or Deny with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from lucky_mcp.model.names import TableName
from lucky_mcp.model.predicate import Predicate
from lucky_mcp.model.requirement import Option


class MaskName(StrEnum):
    """The closed list of masks that exist; `policy/masks.py` says what each does."""

    LAST4 = "last4"
    EMAIL_DOMAIN = "email_domain"
    INITIAL = "initial"
    YEAR = "year"
    MONTH = "month"
    ROUND = "round"
    TOKEN = "token"  # noqa: S105 (the name of a mask)
    SCRUB = "scrub"
    RARE = "rare"  # by `Merged` alone: as it is, where enough rows have the same
    MEAN = "mean"  # by `Averaged` alone: no role or grant names it
    REDACT = "redact"
    NULL = "null"
    DENY = "deny"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where an obligation comes from: its id, and the place a reviewer can open (`file:line`)."""

    id: str
    place: str = ""
    why: str = ""
    owner: str = ""


class WaiverKind(StrEnum):
    """What holds for some callers alone, and not for ever."""

    EXEMPTION = "exemption"
    BREAK_GLASS = "break-glass"


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A rule that is in force for this caller and ends by itself: what it does, and `until` when, as text.

    `about` is the contract that an exemption is of; of break-glass the grant itself.
    """

    kind: WaiverKind
    about: str
    effect: str
    until: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.effect} until {self.until} ({self.rule.id}): {self.rule.why}"


@dataclass(frozen=True, kw_only=True)
class RowFilter:
    """Only rows that satisfy `predicate` exist for the caller."""

    predicate: Predicate
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """Every scan of the table must meet one of the `options` by its own conditions."""

    options: tuple[Option, ...]
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class Averaged:
    """How a column that is read in aggregates only is shown: the mean of its group, on every row of it.

    A group is all rows equal in the columns `by`, whether the caller sees these or not. It is shown when
    `group_min` rows of it have a value, or rows of as many different values of `person` if that is named.
    """

    group_min: int
    by: tuple[str, ...] = ()
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Rows that too few others are like: a column is NULL where fewer than `k_min` rows agree with its row.

    They agree when the columns `alike` show the same for both. `rule` is the floor that asks for it.
    """

    k_min: int
    alike: tuple[VisibleColumn, ...]
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class VisibleColumn:
    """A column that the caller's scan projects, with its mask (None: as it is).

    `type` is the engine's type of the raw column; `tags` are what the mask was chosen by. Of a view's column,
    `masks_below` are the masks of the table columns that it is computed from. `averaged` goes with the mask
    `mean`. Where `merged` says so it is NULL, with the mask `rare` when it has no other.
    """

    name: str
    type: str
    tags: tuple[str, ...] = ()
    mask: MaskName | None = None
    rule: Rule | None = None
    masks_below: tuple[MaskName, ...] = ()
    averaged: Averaged | None = None
    merged: tuple[Merged, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableDecision:
    """Everything the guard must do to one table or view: columns in physical order, filters ANDed.

    A view is read through `below`; then columns and filters are those of the view itself. Each of `requires`
    must be met by every scan. `waivers` are the rules for this caller alone that made it what it is.
    `averaged` are columns that a scan does not have unless the statement reads
    them in aggregates alone (`enforcement/averages.py`).
    """

    table: TableName
    columns: tuple[VisibleColumn, ...]
    filters: tuple[RowFilter, ...]
    requires: tuple[Requirement, ...] = ()
    not_filtered: str = ""
    below: ViewBelow | None = None
    waivers: tuple[Waiver, ...] = ()
    averaged: tuple[VisibleColumn, ...] = ()

    @cached_property
    def compares_rows(self) -> bool:
        """Whether what a row shows depends on others: then no condition may stand beside the filters."""
        return any(column.merged or column.averaged for column in self.columns)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Worked out once: a decision is looked up for every scan, and may have hundreds of columns."""
        return hash((self.table, self.columns, self.filters))


@dataclass(frozen=True, kw_only=True)
class ViewBelow:
    """What a view is made of: its reviewed definition, and the decisions on what that reads, each once.

    `columns` are all that the definition uses, as `schema.table.column`.
    """

    definition: str
    tables: tuple[TableDecision, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The limits of one read; the smallest of all that apply.

    `probes_max`: how many different values a caller may ask after in an hour (`limits/probes.py`).
    """

    rows_max: int
    rows_default: int
    bytes_max: int
    cell_chars_max: int
    timeout_ms: int
    probes_max: int = 1_000


class DenyReason(StrEnum):
    """Why a table is denied; the agent is told UNKNOWN_NAME for all but a missing reference set alike."""

    NO_GRANT = "no grant for these roles"
    EXPLICIT_DENY = "explicitly denied"
    ABOVE_LEVEL = "classified above what these roles may read"
    NO_VISIBLE_COLUMN = "no visible column"
    REQUIREMENT_OUT_OF_REACH = "requires a column that these roles do not see as it is"
    REFERENCE_UNAVAILABLE = "reference set unavailable"
    POLICY_ERROR = "policy could not be evaluated"
    HIDDEN_BELOW = "what the view reads is hidden"
    VIEW_UNAVAILABLE = "the definition of the view is not accepted"


@dataclass(frozen=True, kw_only=True)
class TableDenied:
    """The table may not be read, and why (for the audit and reviewers)."""

    table: TableName
    reason: DenyReason
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The read may go on under these obligations, one entry per table or view of the statement."""

    tables: tuple[TableDecision, ...]
    bound: Bound

    @property
    def below_views(self) -> tuple[TableDecision, ...]:
        """What the views of the statement read, and what views among that read, for the audit."""
        found: list[TableDecision] = []
        waiting = list(self.tables)
        while waiting:
            view = waiting.pop().below
            found += view.tables if view is not None else ()
            waiting += view.tables if view is not None else ()
        return tuple(found)

    @cached_property
    def shows_tokens(self) -> bool:
        """Whether a column of the statement's tables, or of what its views read, is shown as a token."""
        tables = (*self.tables, *self.below_views)
        return any(column.mask is MaskName.TOKEN for table in tables for column in table.columns)

    def for_table(self, table: TableName) -> TableDecision:
        """The obligations of `table`; KeyError when the decision does not cover it."""
        for decided in self.tables:
            if decided.table == table:
                return decided
        raise KeyError(table)


@dataclass(frozen=True, kw_only=True)
class Deny:
    """The read may not go on."""

    denied: tuple[TableDenied, ...]


Decision = Permit | Deny
