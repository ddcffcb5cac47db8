"""What policy says about one read: Permit with obligations, or Deny with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lucky_mcp.model.names import TableName
from lucky_mcp.model.predicate import Predicate


class MaskName(StrEnum):
    """The closed list of masks that exist; `policy/masks.py` says what each does."""

    LAST4 = "last4"
    EMAIL_DOMAIN = "email_domain"
    INITIAL = "initial"
    YEAR = "year"
    MONTH = "month"
    ROUND = "round"
    SCRUB = "scrub"
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


@dataclass(frozen=True, kw_only=True)
class RowFilter:
    """Only rows that satisfy `predicate` exist for the caller."""

    predicate: Predicate
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class VisibleColumn:
    """A column that the caller's scan projects, with its mask (None: as it is).

    `type` is the engine's type of the raw column; `tags` are what the mask was chosen by.
    """

    name: str
    type: str
    tags: tuple[str, ...] = ()
    mask: MaskName | None = None
    rule: Rule | None = None


@dataclass(frozen=True, kw_only=True)
class TableDecision:
    """Everything the guard must do to one base table: columns in physical order, filters ANDed."""

    table: TableName
    columns: tuple[VisibleColumn, ...]
    filters: tuple[RowFilter, ...]
    not_filtered: str = ""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The limits of one read; the smallest of all that apply."""

    rows_max: int
    rows_default: int
    bytes_max: int
    cell_chars_max: int
    timeout_ms: int


class DenyReason(StrEnum):
    """Why a table is denied; the agent is told UNKNOWN_NAME for the first four alike."""

    NO_GRANT = "no grant for these roles"
    EXPLICIT_DENY = "explicitly denied"
    ABOVE_LEVEL = "classified above what these roles may read"
    NO_VISIBLE_COLUMN = "no visible column"
    REFERENCE_UNAVAILABLE = "reference set unavailable"
    POLICY_ERROR = "policy could not be evaluated"


@dataclass(frozen=True, kw_only=True)
class TableDenied:
    """The table may not be read, and why (for the audit and reviewers)."""

    table: TableName
    reason: DenyReason
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The read may go on under these obligations, one entry per distinct base table."""

    tables: tuple[TableDecision, ...]
    bound: Bound

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
