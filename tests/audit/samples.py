"""Records for the tests of the audit, and what to ask of a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.audit.keys import AuditKeys
from lucky_mcp.audit.record import Begun, Ended, Event, Explained
from lucky_mcp.audit.segmented import SegmentedSink
from lucky_mcp.audit.verify import Verified, verify
from lucky_mcp.errors import AuditUnavailable
from tests.support.audit_log import KEYS, records

AT = "2026-02-14T21:04:11.000+00:00"
NASTY = 'SELECT "x"\n\r\t\x00\x1b[31m\x7f\x85\u2028\u202e\ud800 -- 咖啡'

BEGUN = Begun(
    id="r-1",
    at=AT,
    principal="ann",
    roles=("analyst",),
    source="s",
    policy_digest="p",
    catalog_digest="c",
    references_digest="r",
    sql_asked="a",
    sql_sent="b",
    sql_engine="c",
    tables=("s.t",),
    columns=("s.t.c",),
    filters=("us-market",),
    masks=("s.t.phone:last4",),
)
EXPLAINED = Explained(
    id="r-2", at=AT, principal="ann", roles=(), source="s", verdict="refused", code="UNKNOWN_NAME"
)
EVENT = Event(id="ev-1", at=AT, kind="token.created", principal="operator", target="t-00000000")


def ended(number: int = 1, sql: str = "SELECT 1") -> Ended:
    """Return the end of a read with the id `r-<number>`."""
    return Ended(
        id=f"r-{number}", at=AT, principal="ann", source="s", outcome="ok", phase="execute", sql_asked=sql
    )


def ids(directory: Path) -> list[str]:
    """Return the ids of a log's records."""
    return [record["id"] for record in records(directory)]


def sound(directory: Path, keys: AuditKeys = KEYS) -> Verified:
    """Verify a log that must be as it was written."""
    found = verify(directory, keys)
    assert found.faults == ()
    return found


def refused(sink: SegmentedSink, number: int = 9) -> AuditUnavailable:
    """Write a record that the sink must refuse."""
    with pytest.raises(AuditUnavailable) as caught:
        sink.write(ended(number))
    return caught.value
