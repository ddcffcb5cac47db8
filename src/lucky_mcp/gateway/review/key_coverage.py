"""Which rules there are about keys, and which of them have a say in a key by its name."""

from __future__ import annotations

from collections.abc import Iterator

from lucky_mcp.decision.keys import decided_key, key_rights
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet


def rules_about_keys(policies: PolicySet) -> Iterator[Rule]:
    """Yield the rules and denials of all clusters; one for each cluster of a file."""
    for policy in policies.keys.values():
        yield from (each.rule for each in policy.rules)
        yield from (each.rule for each in policy.denials)


def rules_of_key(policies: PolicySet, caller: Principal, source: Source, key: str) -> Iterator[str]:
    """Yield the rules by which a caller sees a key of that name, even if only in a list of keys."""
    rights = key_rights(caller, source, policies)
    decision = decided_key(rights, key) if all(rights.parties) else None
    yield from (each.id for each in (decision.rules if decision is not None else ()))
