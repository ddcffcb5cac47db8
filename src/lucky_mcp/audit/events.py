"""What operators do at the command line, and the gateway by itself, as the audit keeps it."""

from __future__ import annotations

import secrets
from datetime import datetime

from lucky_mcp.audit.record import Event


def operator_event(
    kind: str, target: str, detail: str, at: datetime, *, principal: str = "operator"
) -> Event:
    """Return the record of something that an operator, or the gateway itself, did to `target` now."""
    return Event(
        id=f"ev-{secrets.token_hex(8)}",
        at=at.isoformat(),
        kind=kind,
        principal=principal,
        target=target,
        detail=detail,
    )
