"""Whether new calls should come to this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lucky_mcp.audit.sink import Watched

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

POLICIES, AUDIT, DRAINING = "policies", "audit", "draining"


def not_ready(gateway: Gateway, is_draining: Callable[[], bool]) -> tuple[str, ...]:
    """Return what is against it: policies without a source, a log that cannot be written, a stop."""
    audit = gateway.parts.audit
    against = {
        POLICIES: not gateway.policies.sources,
        AUDIT: isinstance(audit, Watched) and not audit.state().is_writable,
        DRAINING: is_draining(),
    }
    return tuple(name for name, is_so in against.items() if is_so)
