"""Levels of sources, datasets, tables and columns; the highest of all that apply counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lucky_mcp.model.source import Source

Level = Literal["public", "internal", "confidential", "restricted"]
# What is restricted is read by a grant to named people alone.
RoleLevel = Literal["public", "internal", "confidential"]
LEVELS: tuple[Level, ...] = ("public", "internal", "confidential", "restricted")
RESTRICTED: Level = "restricted"


def highest(*levels: Level | None) -> Level:
    """Return the highest of several levels; None says nothing."""
    return max((each for each in levels if each is not None), key=LEVELS.index)


def levels_of(sources: Mapping[str, Source]) -> Mapping[str, Level]:
    """Return the classification of each source."""
    return {
        name: next(each for each in LEVELS if each == source.classification)
        for name, source in sources.items()
    }
