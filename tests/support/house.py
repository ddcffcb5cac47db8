"""A whole gateway over given demo data, as the application builds it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

from lucky_mcp.adapters.registry import Registry
from lucky_mcp.audit.sink import AuditSink, MemorySink
from lucky_mcp.gateway.execute import Executor
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.refresh import refresh_references
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet

NOW = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)

ANALYST = Principal(subject="ann", roles=("analyst",))
ENGINEER = Principal(subject="dan", roles=("data_engineer",))
EXECUTIVE = Principal(subject="eve", roles=("executive",))
DBA = Principal(subject="dora", roles=("dba",))


def policies_over(directory: Path, data: Path) -> PolicySet:
    """Return the policies of `directory` with the demo's databases in `data`."""
    return load_policies(directory, {"DEMO_DATA": str(data)})


def gateway_over(policies: PolicySet, *, audit: AuditSink | None = None) -> Gateway:
    """Return a gateway with a fixed clock and counted ids; reference sets are not read yet."""
    numbers = itertools.count(1)
    return Gateway(
        policies=policies,
        executor=Executor(Registry()),
        audit=audit or MemorySink(),
        now=lambda: NOW,
        new_id=lambda: f"r-{next(numbers):08x}",
    )


async def opened(policies: PolicySet, *, audit: AuditSink | None = None) -> Gateway:
    """Return a gateway whose reference sets have been read."""
    gateway = gateway_over(policies, audit=audit)
    await refresh_references(gateway, lambda: NOW)
    return gateway
