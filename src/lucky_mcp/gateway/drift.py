"""How sources differ from their reviewed snapshots: what the last look found, and what it means for reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from lucky_mcp.errors import Code, SourceUnavailable
from lucky_mcp.model.names import TableName


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What one look at a source found.

    `lines` are the differences in words, `changed` the tables that must not be read by the old snapshot.
    `failure` says why the look itself failed; what the look before found then stays.
    """

    source: str
    seen_at: datetime
    lines: tuple[str, ...] = ()
    changed: frozenset[TableName] = frozenset()
    failure: str = ""


class Drifts:
    """The last look at each source; swapped whole, so that a reader needs no lock."""

    def __init__(self) -> None:
        self._found: Mapping[str, Drift] = MappingProxyType({})
        self._suspects: frozenset[str] = frozenset()

    def put(self, drift: Drift) -> None:
        """Replace what is known of one source."""
        self._found = MappingProxyType({**self._found, drift.source: drift})
        self._suspects -= {drift.source}

    def forget(self) -> None:
        """Drop everything: other snapshots are in force."""
        self._found, self._suspects = MappingProxyType({}), frozenset()

    def of(self, source: str) -> Drift | None:
        """What the last look at a source found; None before the first."""
        return self._found.get(source)

    def suspect(self, source: str) -> None:
        """Note that a read found a source otherwise than it was reviewed: it is to be looked at soon."""
        self._suspects |= {source}

    def is_suspected(self, source: str) -> bool:
        """Whether a read has found it so since the last look."""
        return source in self._suspects

    def refuse_changed(self, source: str, tables: Iterable[TableName]) -> None:
        """SourceUnavailable when one of the tables a read needs has changed under its snapshot."""
        drift = self._found.get(source)
        changed = sorted(set(tables) & drift.changed) if drift is not None else []
        if changed:
            raise changed_since_review(source, f"changed: {', '.join(map(str, changed))}")


def changed_since_review(source: str, detail: str) -> SourceUnavailable:
    """Return the refusal of a read whose tables are not as they were reviewed."""
    return SourceUnavailable(
        f"{source} does not let the gateway read one of the tables as it was reviewed",
        code=Code.SOURCE_UNAVAILABLE,
        next_step="ask for another table, and tell the operators: the receipt of this call says which",
        audit_detail=detail,
    )
