"""What of a caller and of the time a decision depends on; who it is counts where a rule names it."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.policy_set import PolicySet


def rights_of(principal: Principal, policies: PolicySet, now: datetime | None) -> Hashable:
    """Return the same for two callers, or one at two times, whom these policies treat alike.

    That is by roles, attributes, system or not, and the rules that end by themselves and are in force now:
    what is kept under it cannot outlive one of them.
    """
    attributes = tuple(sorted(principal.attributes.items())) if principal.attributes else ()
    app = rights_of(principal.app, policies, now) if principal.app is not None else None
    return (principal.is_system, principal.roles, attributes, policies.in_force(principal, now), app)
