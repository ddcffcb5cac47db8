"""The questions that the gateway may put to a server about the server itself."""

from __future__ import annotations

from lucky_mcp.enforcement.guarded import GuardedProbe, seal_probe
from lucky_mcp.model.probe import Probe
from lucky_mcp.model.source import Source


def lag_of(replica: Source) -> GuardedProbe:
    """Ask how far behind its primary a replica is."""
    return seal_probe(source=replica, question=Probe.LAG)
