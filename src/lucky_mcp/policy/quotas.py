"""Which quota a caller has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

from lucky_mcp.model.principal import Principal
from lucky_mcp.model.quota import NO_LIMITS, Quota
from lucky_mcp.policy.quota_schema import QuotasEntry


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """The default, and what roles and callers have instead."""

    default: Quota = NO_LIMITS
    by_role: Mapping[str, Quota] = field(default_factory=dict)
    by_principal: Mapping[str, Quota] = field(default_factory=dict)

    def of(self, principal: Principal) -> Quota:
        """Return the quota of a caller; the gateway's own principals have no limits."""
        if principal.is_system:
            return NO_LIMITS
        own = [self.default.changed_by(self.by_role.get(role, NO_LIMITS)) for role in principal.roles]
        found = reduce(Quota.smaller_of, own) if own else self.default
        return found.changed_by(self.by_principal.get(principal.subject, NO_LIMITS))


NO_QUOTAS = Quotas()


def quotas_of(entry: QuotasEntry) -> Quotas:
    """Return what a file says."""
    return Quotas(
        default=entry.default.as_quota(),
        by_role={name: each.as_quota() for name, each in entry.roles.items()},
        by_principal={name: each.as_quota() for name, each in entry.principals.items()},
    )
