"""What a caller asks of `Gateway.read`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class SqlRead:
    """One SQL text for one source, in the source's dialect.

    `source` is a full or short name; `rows_max` is the caller's own limit in rows (None: the default).
    """

    source: str
    sql: str
    rows_max: int | None = None


class KeyAsk(StrEnum):
    """What is asked of a source that holds keys."""

    READ = "read"
    SCAN = "scan"
    HEALTH = "health"


@dataclass(frozen=True, kw_only=True)
class KeyRead:
    """One key of a Redis cluster, a look over its keys by names that match `pattern`, or how its server is.

    `field` is one field of a hash. `rows_max` as for `SqlRead`.
    """

    source: str
    ask: KeyAsk = KeyAsk.READ
    key: str = ""
    field: str | None = None
    pattern: str = "*"
    rows_max: int | None = None


ReadRequest = SqlRead | KeyRead
