"""What a caller asks of `Gateway.read`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SqlRead:
    """One SQL text for one source, in the source's dialect.

    `source` is a full or short name; `rows_max` is the caller's own limit in rows (None: the default).
    """

    source: str
    sql: str
    rows_max: int | None = None


ReadRequest = SqlRead
