"""What the metrics hear of a read: the same moments that the audit hears of."""

from __future__ import annotations

from lucky_mcp.telemetry.calls import tool_under_way
from lucky_mcp.telemetry.instruments import BYTES, READ_SECONDS, READS, REFUSALS, ROWS
from lucky_mcp.telemetry.spans import note

OK = "ok"


def count_read(
    engine: str, outcome: str, phase: str, *, elapsed_ms: int, rows: int = 0, size: int = 0
) -> None:
    """Count a read that has ended: `outcome` is ok or a code, `size` the bytes of its cells."""
    READS.labels(tool_under_way(), engine, str(outcome)).inc()
    READ_SECONDS.labels(engine).observe(elapsed_ms / 1000)
    if outcome == OK:
        ROWS.labels(engine).inc(rows)
        BYTES.labels(engine).inc(size)
    else:
        count_refusal(outcome, phase)
    note(engine=engine, outcome=str(outcome), rows=rows, bytes=size)


def count_refusal(code: str, phase: str) -> None:
    """Count what was refused, or failed."""
    REFUSALS.labels(str(code), str(phase)).inc()
