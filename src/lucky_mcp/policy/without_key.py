"""Rules that say `token` where no key is set, and therefore redact."""

from __future__ import annotations

from collections.abc import Iterator

from lucky_mcp.policy.policy_set import MaskRule, PolicySet

TOKEN_KEY = "LUCKY_TOKEN_KEY"  # noqa: S105 (the name of a setting)
WITHOUT_KEY = f"; redacted while no key for tokens is set ({TOKEN_KEY})"


def redacting(policies: PolicySet) -> tuple[str, ...]:
    """Return the ids of the rules of people's roles that redact for want of a key, in order."""
    return tuple(
        dict.fromkeys(each.rule.id for each in _masks(policies) if each.rule.why.endswith(WITHOUT_KEY))
    )


def _masks(policies: PolicySet) -> Iterator[MaskRule]:
    for role in policies.roles.values():
        yield from role.masks.values()
