"""What of a caller a decision depends on: never who it is."""

from __future__ import annotations

from collections.abc import Hashable

from lucky_mcp.model.principal import Principal


def rights_of(principal: Principal) -> Hashable:
    """Return the same for two callers whom every policy treats alike: roles, attributes, system or not."""
    attributes = tuple(sorted(principal.attributes.items())) if principal.attributes else ()
    return (principal.is_system, principal.roles, attributes)
