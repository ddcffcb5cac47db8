"""Changes of what callers may ask for over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from lucky_mcp.gateway.review.changes import Change, Effect
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.quota import Quota
from lucky_mcp.policy.policy_set import PolicySet


def quota_changes(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    """Yield changes of the quota of each role that both have, and of each caller that either names."""
    for role in old.roles.keys() & new.roles.keys():
        caller = Principal(subject="", roles=(role,))
        yield from _changes(role, old.quotas.of(caller), new.quotas.of(caller), callers=(role,))
    for name in old.quotas.by_principal.keys() | new.quotas.by_principal.keys():
        caller = Principal(subject=name, roles=())
        yield from _changes(name, old.quotas.of(caller), new.quotas.of(caller), callers=())


def _changes(name: str, old: Quota, new: Quota, callers: tuple[str, ...]) -> Iterator[Change]:
    for field in fields(Quota):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was != now:
            widens = now is None or (was is not None and now > was)
            yield Change(
                effect=Effect.WIDENS if widens else Effect.NARROWS,
                rule=f"quota:{name}",
                subject=field.name,
                what=f"{was or 'no limit'} -> {now or 'no limit'}",
                callers=callers,
            )
