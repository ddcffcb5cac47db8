"""The snapshots one read is made under, taken once so that a swap cannot mix two policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lucky_mcp.model.predicate import Scalar
from lucky_mcp.policy.policy_set import PolicySet


@dataclass(frozen=True, kw_only=True)
class View:
    """One policy set, the reference values that were young enough, and the time (zone aware)."""

    policies: PolicySet
    references: Mapping[str, tuple[Scalar, ...]]
    now: datetime
