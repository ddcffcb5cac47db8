"""Refuses a read that asks after more values than its caller may in an hour, and says when it may again."""

from __future__ import annotations

from datetime import datetime

from lucky_mcp.errors import Code, LimitExceeded, Phase
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.limits.probes import NEVER, ProbeBudget
from lucky_mcp.model.principal import Principal

WHAT = "values of masked columns and of keys that rows must be looked up by"
NOT_AT_ONCE = "compare with fewer values"


class Probed:
    """The budgets of a gateway's callers; explaining costs nothing, and system principals have no limit."""

    def __init__(self) -> None:
        self._budget = ProbeBudget()

    def refuse_more(self, principal: Principal, prepared: Prepared, now: datetime) -> None:
        """Note what a read asks after; LimitExceeded (RATE_LIMITED) when it is more than its bound allows."""
        if principal.is_system or not prepared.probes:
            return
        limit = prepared.permit.bound.probes_max
        free = self._budget.take(principal.subject, prepared.probes, limit, now)
        if free is None:
            return
        raise LimitExceeded(
            f"{len(prepared.probes)} {WHAT} would be asked after; in an hour {limit} may be",
            code=Code.RATE_LIMITED,
            phase=Phase.DECIDE,
            next_step=NOT_AT_ONCE if free is NEVER else _again(free, now),
            audit_detail=f"probes_max {limit}",
        )


def _again(free: datetime, now: datetime) -> str:
    minutes = max(1, -int((now - free).total_seconds() // 60))
    return f"try again at {free:%H:%M} UTC, in {minutes} min; values that you asked after before cost nothing"
