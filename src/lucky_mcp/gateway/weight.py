"""What is known of a read's weight before any server is asked: its scans, and by what each is narrowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import prod
from zoneinfo import ZoneInfo

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import Place
from lucky_mcp.model.decision import Permit
from lucky_mcp.model.names import TableName
from lucky_mcp.model.requirement import Fact, Named, Since, Until
from lucky_mcp.model.source import SERVERS, Source
from lucky_mcp.sql.places import place_of_node
from lucky_mcp.sql.resolved import ResolvedQuery
from lucky_mcp.sql.scan_facts import scan_facts

# A scan that names this many rows by their key reads no more than these.
KEYS_MAX = 100


@dataclass(frozen=True, kw_only=True)
class ScanWeight:
    """One scan: `narrowed` are the columns that its own conditions compare with constants.

    `by_key`: they name at most KEYS_MAX rows by the primary key.
    """

    table: TableName
    place: Place | None
    narrowed: frozenset[str]
    by_key: bool


@dataclass(frozen=True, kw_only=True)
class Weight:
    """All scans of a read; `is_opaque` when there are others that are not among them (views, metadata)."""

    scans: tuple[ScanWeight, ...]
    is_opaque: bool = False

    @property
    def is_light(self) -> bool:
        """Whether every scan reads a few rows by their key: then nothing need be estimated."""
        return not self.is_opaque and all(scan.by_key for scan in self.scans)

    @property
    def tables(self) -> tuple[TableName, ...]:
        """The tables that are not read by their key, each once."""
        return tuple(dict.fromkeys(scan.table for scan in self.scans if not scan.by_key))


UNKNOWN = Weight(scans=(), is_opaque=True)
LIGHT = Weight(scans=())


def weigh(query: ResolvedQuery, permit: Permit, source: Source, catalog: Catalog, now: datetime) -> Weight:
    """Read the weight from a statement whose scans still stand in it; UNKNOWN for sources on no server."""
    if source.kind not in SERVERS:
        return UNKNOWN
    local = now.astimezone(ZoneInfo(source.time_zone)).replace(tzinfo=None)
    columns = {each.table: each.columns for each in permit.tables}
    facts = scan_facts(query.scans, query.grammar, columns, local)
    return Weight(
        scans=tuple(
            ScanWeight(
                table=scan.table,
                place=place_of_node(scan.node),
                narrowed=frozenset(fact.column for fact in told if isinstance(fact, Named | Since | Until)),
                by_key=_is_by_key(told, _key(catalog, scan.table)),
            )
            for scan, told in zip(query.scans, facts, strict=True)
        ),
        is_opaque=any(each.below is not None for each in permit.tables),
    )


def _key(catalog: Catalog, table: TableName) -> tuple[str, ...]:
    found = catalog.tables.get(table)
    return found.primary_key if found is not None else ()


def _is_by_key(facts: Sequence[Fact], key: tuple[str, ...]) -> bool:
    named = {fact.column: len(fact.values) for fact in facts if isinstance(fact, Named)}
    return bool(key) and all(column in named for column in key) and prod(named[c] for c in key) <= KEYS_MAX
