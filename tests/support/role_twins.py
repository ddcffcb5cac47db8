"""The clean twin of any role in any dialect."""

from __future__ import annotations

from pathlib import Path

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.demo.tables import Fleet
from tests.support.reference import clean_tables
from tests.support.twin import Unguarded


class RoleTwins:
    """Each twin is written when it is first asked for."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self._fleet, self._folder = fleet, folder
        self._made: dict[tuple[str, str], Unguarded] = {}

    def of(self, role: str, dialect: str) -> Unguarded:
        """Return the twin of a role, its sources in their own dialects ("") or all in one."""
        if (role, dialect) not in self._made:
            sources = (table.source for table in self._fleet.tables)
            dialects = dict.fromkeys(sources, dialect) if dialect else DIALECTS
            folder = self._folder / f"{role}-{dialect or 'own'}"
            self._made[role, dialect] = Unguarded(clean_tables(self._fleet, role), folder, dialects)
        return self._made[role, dialect]

    def close(self) -> None:
        """Close every twin."""
        for made in self._made.values():
            made.close()
