"""How a gateway stands now, as numbers: policies, sources, audit, limits. Nothing here asks a source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from lucky_mcp.audit.sink import Watched
from lucky_mcp.telemetry.gauges import Gauge, Reading

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

UP: Final = Gauge(name="lucky_ready", help="Whether this process takes new calls.")
POLICY: Final = Gauge(
    name="lucky_policy_info", help="1 for the digest of the policies in force.", labels=("digest",)
)
POLICY_AGE: Final = Gauge(
    name="lucky_policy_age_seconds", help="Since the policies in force were put into force here."
)
POLICY_REJECTED: Final = Gauge(
    name="lucky_policy_rejected", help="Whether the directory has policies that are not in force."
)
CONNECTIONS: Final = Gauge(
    name="lucky_source_connections",
    help="Connections of a source on a server: in use, idle, and how many there may be.",
    labels=("source", "state"),
)
RESTING: Final = Gauge(
    name="lucky_source_resting",
    help="Whether a source is left alone because it could not be reached.",
    labels=("source",),
)
FAILURES: Final = Gauge(
    name="lucky_source_failures",
    help="How many times in a row a source could not be reached.",
    labels=("source",),
)
RUNNING: Final = Gauge(name="lucky_reads_running", help="Reads that hold or wait for a place of a source.")
CALLERS: Final = Gauge(name="lucky_callers_running", help="Callers with at least one such read.")
TASKS: Final = Gauge(name="lucky_tasks", help="Tasks of the event loop.")
AUDIT_PENDING: Final = Gauge(
    name="lucky_audit_pending_records", help="Records that are written and not known to be on the disk."
)
AUDIT_SEGMENT: Final = Gauge(
    name="lucky_audit_segment_number", help="The segment of this process's chain that is written now."
)
AUDIT_BYTES: Final = Gauge(name="lucky_audit_segment_bytes", help="The size of that segment.")
AUDIT_SINCE: Final = Gauge(name="lucky_audit_segment_age_seconds", help="The age of that segment.")
AUDIT_WRITABLE: Final = Gauge(
    name="lucky_audit_writable", help="Whether the audit log can be written, as far as that is known."
)
LIMITS_SHARED: Final = Gauge(
    name="lucky_limits_shared", help="1 while quotas are counted in Redis, 0 while each process counts alone."
)
DRIFT: Final = Gauge(
    name="lucky_catalog_drift_lines",
    help="Differences between a source and its reviewed catalog at the last look.",
    labels=("source",),
)
DRIFT_AGE: Final = Gauge(
    name="lucky_catalog_look_age_seconds",
    help="Since the last look at a source that succeeded.",
    labels=("source",),
)
DRIFT_FAILED: Final = Gauge(
    name="lucky_catalog_look_failed", help="Whether the last look at a source failed.", labels=("source",)
)
REFERENCE_AGE: Final = Gauge(
    name="lucky_reference_age_seconds",
    help="Since a reference set was read; infinite when it never was.",
    labels=("reference",),
)
REFERENCE_USABLE: Final = Gauge(
    name="lucky_reference_usable",
    help="Whether a reference set is young enough for reads that need it.",
    labels=("reference",),
)


def readings(
    gateway: Gateway, now: Callable[[], datetime], is_ready: Callable[[], bool]
) -> Iterator[Reading]:
    """Yield every reading; labels are names of the policies' sources and reference sets, and nothing else."""
    yield Reading(gauge=UP, value=is_ready())
    yield from _policies(gateway, now())
    yield from _sources(gateway)
    yield from _audit(gateway)
    yield from _catalogs(gateway, now())
    yield from _references(gateway, now())


def _policies(gateway: Gateway, now: datetime) -> Iterator[Reading]:
    yield Reading(gauge=POLICY, value=1, labels={"digest": gateway.policies.digest})
    yield Reading(gauge=POLICY_AGE, value=(now - gateway.in_force_since).total_seconds())
    yield Reading(gauge=POLICY_REJECTED, value=bool(gateway.rejected))


def _sources(gateway: Gateway) -> Iterator[Reading]:
    executor = gateway.parts.executor
    for source, usage in executor.usages():
        states = {"in_use": usage.in_use, "idle": usage.idle, "max": usage.places}
        for state, number in states.items():
            yield Reading(gauge=CONNECTIONS, value=number, labels={"source": source, "state": state})
    for source, failures, resting in executor.failing():
        yield Reading(gauge=FAILURES, value=failures, labels={"source": source})
        yield Reading(gauge=RESTING, value=resting, labels={"source": source})
    callers, reads = executor.under_way()
    yield Reading(gauge=CALLERS, value=callers)
    yield Reading(gauge=RUNNING, value=reads)
    yield Reading(gauge=TASKS, value=_tasks())


def _audit(gateway: Gateway) -> Iterator[Reading]:
    audit, shared = gateway.parts.audit, gateway.parts.admission.is_shared
    if isinstance(audit, Watched):
        state = audit.state()
        yield Reading(gauge=AUDIT_PENDING, value=state.pending)
        yield Reading(gauge=AUDIT_SEGMENT, value=state.segment)
        yield Reading(gauge=AUDIT_BYTES, value=state.bytes)
        yield Reading(gauge=AUDIT_SINCE, value=state.age_s)
        yield Reading(gauge=AUDIT_WRITABLE, value=state.is_writable)
    if shared is not None:
        yield Reading(gauge=LIMITS_SHARED, value=shared)


def _catalogs(gateway: Gateway, now: datetime) -> Iterator[Reading]:
    for name in gateway.policies.sources:
        drift = gateway.drifts.of(name)
        if drift is not None:
            labels = {"source": name}
            yield Reading(gauge=DRIFT, value=len(drift.lines), labels=labels)
            yield Reading(gauge=DRIFT_AGE, value=(now - drift.seen_at).total_seconds(), labels=labels)
            yield Reading(gauge=DRIFT_FAILED, value=bool(drift.failure), labels=labels)


def _references(gateway: Gateway, now: datetime) -> Iterator[Reading]:
    known = gateway.policies.references
    usable = gateway.references.current(known, now)
    for name, reference in known.items():
        read_at = gateway.references.read_at(reference)
        age = float("inf") if read_at is None else (now - read_at).total_seconds()
        yield Reading(gauge=REFERENCE_AGE, value=age, labels={"reference": name})
        yield Reading(gauge=REFERENCE_USABLE, value=name in usable, labels={"reference": name})


def _tasks() -> int:
    """How many there are in the loop that asks; none outside one."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0
