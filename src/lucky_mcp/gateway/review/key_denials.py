"""Denials of keys that a change takes away, or adds: whatever rules show behind them widens, or narrows."""

from __future__ import annotations

from collections.abc import Iterator

from lucky_mcp.gateway.review.changes import Change, Effect
from lucky_mcp.policy.policy_set import PolicySet

Denied = dict[tuple[str, str, str], str]


def denial_changes(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    """Yield a change for each role, cluster and form of names that is hidden no longer, or from now on."""
    before, after = _denied(old), _denied(new)
    for key in sorted({*before, *after}):
        if (key in before) is (key in after):
            continue
        role, cluster, form = key
        is_gone = key in before
        yield Change(
            effect=Effect.WIDENS if is_gone else Effect.NARROWS,
            rule=before.get(key) or after[key],
            subject=f"{cluster} {form}",
            what="is no longer denied" if is_gone else "is denied now",
            callers=(role,),
        )


def _denied(policies: PolicySet) -> Denied:
    return {
        (role, cluster, denial.template.text): denial.rule.id
        for cluster, policy in policies.keys.items()
        for denial in policy.denials
        for role in denial.roles
    }
