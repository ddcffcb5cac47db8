"""What one file under `sources` declares: a source's name, the dialect agents write, and its tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lucky_mcp.demo.tables import Table, View
from lucky_mcp.demo.world import World


@dataclass(frozen=True, kw_only=True)
class DemoSource:
    """One source of the demo; `tables` copies what the source knows out of the world, `views` add no rows."""

    name: str
    dialect: str
    tables: Callable[[World], tuple[Table, ...]]
    views: tuple[View, ...] = ()
