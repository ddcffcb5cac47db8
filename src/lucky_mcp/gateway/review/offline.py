"""A gateway that explains and never reads: policies alone, with names in place of the values it lacks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.enforcement.guarded import GuardedRead
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.gateway.execute import Executed, ExecutionFailed, Executor
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.review.stand_ins import reference_snapshots
from lucky_mcp.gateway.system_datasets import with_system
from lucky_mcp.gateway.weight import Weight
from lucky_mcp.policy.offline import load_offline
from lucky_mcp.policy.policy_set import PolicySet


class NothingIsRead(Executor):
    """An executor without adapters: whatever should come to it is not run."""

    def __init__(self) -> None:
        """There is no registry to run on."""

    async def execute(self, read: GuardedRead, caller: str, weight: Weight, receipt: str = "") -> Executed:
        """Raise ExecutionFailed: no source is open here."""
        raise ExecutionFailed(EngineError(EngineErrorKind.UNAVAILABLE, f"{read.source.name} is not opened"))

    async def close(self) -> None:
        """There is nothing to close."""


def load_as_served(directory: Path) -> PolicySet:
    """Return the policies of a directory as a server has them: with the system datasets of each source.

    ConfigurationError as `load_policies`; no variable of the environment is needed.
    """
    return with_system(load_offline(directory))


def offline_gateway(policies: PolicySet, now: datetime, audit: MemorySink | None = None) -> Gateway:
    """Return a gateway over `policies` whose `explain` works and whose `read` cannot.

    Reference sets hold their own names. Its records stay in memory: nothing was asked of any source.
    """
    gateway = Gateway(
        policies=policies,
        executor=NothingIsRead(),
        audit=audit or MemorySink(),
        now=lambda: now,
        new_id=lambda: "r-offline",
    )
    for snapshot in reference_snapshots(policies, now):
        gateway.references.put(snapshot)
    return gateway
