"""The questions that the gateway may put to a server about the server itself."""

from __future__ import annotations

from collections.abc import Mapping

from lucky_mcp.enforcement.guarded import GuardedProbe, GuardedSql, seal_probe
from lucky_mcp.enforcement.numbered_scans import numbered_scans
from lucky_mcp.model.names import TableName
from lucky_mcp.model.probe import Probe
from lucky_mcp.model.source import Kind, Source
from lucky_mcp.sql.dialects import GRAMMARS


def lag_of(replica: Source) -> GuardedProbe:
    """Ask how far behind its primary a replica is."""
    return seal_probe(source=replica, question=Probe.LAG)


def load_of(server: Source) -> GuardedProbe:
    """Ask what a server is doing for others."""
    return seal_probe(source=server, question=Probe.LOAD)


def plan_of(server: Source, read: GuardedSql) -> GuardedProbe:
    """Ask how a server would run a guarded text; it is explained, not run."""
    return seal_probe(source=server, question=Probe.PLAN, read=read)


def steps_of(server: Source, read: GuardedSql) -> tuple[GuardedProbe, Mapping[str, TableName]]:
    """Ask for the steps of a guarded text, and say what the scans in its plan are called."""
    if server.kind is not Kind.MYSQL:
        return plan_of(server, read), {}
    text, scans = numbered_scans(read.text_sent, GRAMMARS[server.dialect].dialect)
    return seal_probe(source=server, question=Probe.PLAN, read=read, text=text), scans


def sizes_of(server: Source, tables: tuple[TableName, ...]) -> GuardedProbe:
    """Ask about how many rows tables have."""
    return seal_probe(source=server, question=Probe.SIZES, tables=tables)
