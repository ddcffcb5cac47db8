"""What a scan's own conditions must say before a table may be read, and what they do say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lucky_mcp.model.names import TableName


@dataclass(frozen=True, kw_only=True)
class Equals:
    """The column must equal values that are written out, at most `values_max` of them."""

    column: str
    values_max: int = 1


@dataclass(frozen=True, kw_only=True)
class Range:
    """The column must lie between two times at most `days_max` days apart, or after one that near to now."""

    column: str
    days_max: int


@dataclass(frozen=True, kw_only=True)
class Via:
    """The scan must be joined, by `column` of both, with a scan of `parent` that meets what that requires."""

    column: str
    parent: TableName


Option = Equals | Range | Via


@dataclass(frozen=True, kw_only=True)
class Named:
    """`column` equals one of `values`, constants in one spelling each."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Since:
    """`column` is at or after a time of the source's own zone; `moves` with the clock."""

    column: str
    at: datetime
    moves: bool = False


@dataclass(frozen=True, kw_only=True)
class Until:
    """`column` is at or before a time of the source's own zone; `moves` with the clock."""

    column: str
    at: datetime
    moves: bool = False


@dataclass(frozen=True, kw_only=True)
class Equated:
    """`column` equals `other_column` of the scan at position `other`, both of one family of types."""

    column: str
    other: int
    other_column: str


Fact = Named | Since | Until | Equated
