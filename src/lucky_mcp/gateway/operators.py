"""What operators do to a gateway that runs: stopping sources and callers, each recorded."""

from __future__ import annotations

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.limits.stops import StopFile, StopKind


def stop(stops: StopFile, audit: AuditSink, kind: StopKind, name: str, reason: str) -> None:
    """Stop reads of a source or by a caller; ValueError for a reason that may not be.

    It counts even when it cannot be recorded, which is then an AuditUnavailable: stopping is the safe side.
    """
    made = stops.stop(kind, name, reason)
    audit.write(operator_event(f"{kind}.stopped", name, made.reason, made.at))


def resume(stops: StopFile, audit: AuditSink, kind: StopKind, name: str) -> bool:
    """Let reads go on again, recorded before it counts; False when nothing was stopped."""
    found = next((each for each in stops.all() if (each.kind, each.name) == (kind, name)), None)
    if found is None:
        return False
    audit.write(operator_event(f"{kind}.resumed", name, f"was stopped: {found.reason}", stops.now()))
    return stops.resume(kind, name) is not None
