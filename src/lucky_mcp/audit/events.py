"""What operators do at the command line, as the audit keeps it."""

from __future__ import annotations

import secrets
from datetime import datetime

from lucky_mcp.audit.record import Event


def operator_event(kind: str, target: str, detail: str, at: datetime) -> Event:
    """Return the record of something that an operator did to `target` now."""
    return Event(
        id=f"ev-{secrets.token_hex(8)}",
        at=at.isoformat(),
        kind=kind,
        principal="operator",
        target=target,
        detail=detail,
    )
