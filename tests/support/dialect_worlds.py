"""The demo served in a dialect that is not its sources' own, so that every dialect meets the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.demo.write_duckdb import write_fleet
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import policies_in, policies_over
from tests.support.reference import clean_tables
from tests.support.twin import Unguarded

ROLES = ("analyst", "data_engineer", "executive")


@dataclass(frozen=True, kw_only=True)
class DialectWorld:
    """Policies over files of one dialect, and the clean twin of each role that sees rows."""

    policies: PolicySet
    twins: Mapping[str, Unguarded]


class DialectWorlds:
    """One world per dialect, written when it is first asked for."""

    def __init__(self, fleet: Fleet, policies: Path, folder: Path) -> None:
        self._fleet = fleet
        self._policies = policies
        self._folder = folder
        self._made: dict[str, DialectWorld] = {}

    def world(self, dialect: str) -> DialectWorld:
        """Return the demo with every source in the dialect."""
        if dialect not in self._made:
            self._made[dialect] = self._make(self._folder / dialect, dialect)
        return self._made[dialect]

    def close(self) -> None:
        """Close every twin."""
        for made in self._made.values():
            for twin in made.twins.values():
                twin.close()

    def _make(self, folder: Path, dialect: str) -> DialectWorld:
        dialects = {table.source: dialect for table in self._fleet.tables}
        write_fleet(self._fleet, folder / "data", dialects=dialects)
        copied = policies_in(self._policies, folder / "policies", dialect)
        twins = {
            role: Unguarded(clean_tables(self._fleet, role), folder / role, dialects, self._fleet.views)
            for role in ROLES
        }
        return DialectWorld(policies=policies_over(copied, folder / "data"), twins=twins)
