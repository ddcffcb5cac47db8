"""What is counted and timed while reads go by; every label is one of a closed list.

No label is a caller, a table, a column or a statement: their number has no bound, and whoever may see
metrics need not know of them.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY: Final = CollectorRegistry()
NONE: Final = "none"

_MILLISECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)

READS: Final = Counter(
    "lucky_reads",
    "Reads that ended, by tool, engine and outcome (ok or an error code).",
    ("tool", "engine", "outcome"),
    registry=REGISTRY,
)
READ_SECONDS: Final = Histogram(
    "lucky_read_seconds",
    "From the arrival of a read to its last record, by engine.",
    ("engine",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
REFUSALS: Final = Counter(
    "lucky_refusals",
    "Reads and dry runs that were refused or failed, by code and the phase in which they were.",
    ("code", "phase"),
    registry=REGISTRY,
)
ROWS: Final = Counter("lucky_rows", "Rows returned to callers, by engine.", ("engine",), registry=REGISTRY)
BYTES: Final = Counter("lucky_bytes", "Bytes of cells returned, by engine.", ("engine",), registry=REGISTRY)
STEP_SECONDS: Final = Histogram(
    "lucky_guard_step_seconds",
    "One step of the guard, by step; what was prepared before has none.",
    ("step",),
    buckets=_MILLISECONDS,
    registry=REGISTRY,
)
PREPARED: Final = Counter(
    "lucky_prepared_reads",
    "Reads by whether the guard had prepared the same one before (kept) or not (made).",
    ("found",),
    registry=REGISTRY,
)
DATABASE_SECONDS: Final = Histogram(
    "lucky_database_seconds",
    "One statement in a database, waiting for a connection included, by engine and outcome (ok or failed).",
    ("engine", "outcome"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
QUOTA_REFUSALS: Final = Counter(
    "lucky_quota_refusals", "Reads over a caller's quota, by kind.", ("kind",), registry=REGISTRY
)
AUDIT_SYNC_SECONDS: Final = Histogram(
    "lucky_audit_sync_seconds",
    "Putting records on the disk, once for all who wait.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
TOOL_CALLS: Final = Counter(
    "lucky_tool_calls",
    "Calls of tools, by tool and whether the answer was an error.",
    ("tool", "outcome"),
    registry=REGISTRY,
)
