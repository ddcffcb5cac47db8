"""Demo tokens: `demo-<role>`, known to everyone, so they exist only where demo mode is on."""

from __future__ import annotations

from collections.abc import Callable

from lucky_mcp.identity.claims import principal_of
from lucky_mcp.model.principal import Principal

DEMO_PREFIX = "demo-"
DEMO_DEFAULT = "demo-analyst"
# A store manager without stores sees no row: the demo's has two of them.
DEMO_ATTRIBUTES = {"operations_manager": {"shops": ["10001", "10002"]}}


class DemoTokens:
    """Turns `demo-analyst` into an analyst; `is_role` says which roles the policy set has."""

    def __init__(self, *, is_role: Callable[[str], bool]) -> None:
        self._is_role = is_role

    def verify(self, secret: str) -> Principal | None:
        """Who `secret` names, or None when it is no demo token of an existing role."""
        if not secret.startswith(DEMO_PREFIX):
            return None
        role = secret.removeprefix(DEMO_PREFIX)
        try:
            principal = principal_of(
                {"sub": f"demo:{role}", "roles": [role], "attributes": DEMO_ATTRIBUTES.get(role, {})}
            )
        except ValueError:
            return None
        return principal if self._is_role(role) else None
