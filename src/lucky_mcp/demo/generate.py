"""The entry to the generator: arguments in, every table of the fleet out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from lucky_mcp.demo.collector import collector_paused
from lucky_mcp.demo.progress import unreported
from lucky_mcp.demo.roster import SOURCES
from lucky_mcp.demo.scale import Scale, scale_named
from lucky_mcp.demo.source import DemoSource
from lucky_mcp.demo.tables import Fleet, Table
from lucky_mcp.demo.world import build_world


def generate(
    *,
    seed: int,
    end: date,
    scale: str | Scale = "small",
    sources: Sequence[DemoSource] = SOURCES,
    progress: Callable[[str, int, int], None] | None = None,
) -> Fleet:
    """Return the fleet of (seed, end, scale): the same arguments give the same rows, byte for byte.

    `end` is the last day with data; a source's rows do not depend on which others are asked for. Raises
    ValueError for an unknown scale, and for an `end` before the chain was open long enough.
    """
    report = progress or unreported
    size = scale if isinstance(scale, Scale) else scale_named(scale)
    tables: list[Table] = []
    with collector_paused():
        world = build_world(seed=seed, end=end, scale=size, progress=report)
        for done, source in enumerate(sources, start=1):
            tables.extend(source.tables(world))
            report("tables", done, len(sources))
    views = tuple(view for source in sources for view in source.views)
    return Fleet(seed=seed, end=end, scale=size.name, tables=tuple(tables), views=views)
