"""What operators do to a gateway that runs: stopping sources and callers, tokens; each recorded."""

from __future__ import annotations

from datetime import datetime, timedelta

from lucky_mcp.audit.events import operator_event
from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.errors import AuditUnavailable
from lucky_mcp.identity.tokens import NewToken, TokenStore
from lucky_mcp.limits.stops import StopFile, StopKind
from lucky_mcp.model.principal import Principal


def stop(stops: StopFile, audit: AuditSink, kind: StopKind, name: str, reason: str) -> None:
    """Stop reads of a source or by a caller; ValueError for a reason that may not be.

    It counts even when it cannot be recorded, which is then an AuditUnavailable: stopping is the safe side.
    """
    made = stops.stop(kind, name, reason)
    audit.write(operator_event(f"{kind}.stopped", name, made.reason, made.at))


def resume(stops: StopFile, audit: AuditSink, kind: StopKind, name: str) -> bool:
    """Let reads go on again, recorded before it counts; False when nothing was stopped."""
    found = next((each for each in stops.all() if (each.kind, each.name) == (kind, name)), None)
    if found is None:
        return False
    audit.write(operator_event(f"{kind}.resumed", name, f"was stopped: {found.reason}", stops.now()))
    return stops.resume(kind, name) is not None


def create_token(
    tokens: TokenStore, audit: AuditSink, holder: Principal, days: int | None, at: datetime
) -> NewToken:
    """Make a token for `days` (None: for ever); one that cannot be recorded is taken back: AuditUnavailable.

    ValueError when a subject, role or attribute may not be.
    """
    made = tokens.create(
        subject=holder.subject,
        roles=holder.roles,
        attributes=holder.attributes,
        expires=None if days is None else at + timedelta(days=days),
    )
    detail = f"subject {holder.subject}, roles {', '.join(holder.roles)}"
    try:
        audit.write(operator_event("token.created", made.id, detail, at))
    except AuditUnavailable:
        tokens.revoke(made.id)
        raise
    return made


def revoke_token(tokens: TokenStore, audit: AuditSink, token_id: str, at: datetime) -> bool:
    """Take a token out of use, also when it cannot be recorded; False when there is none of that id."""
    gone = tokens.revoke(token_id)
    if gone is None:
        return False
    audit.write(operator_event("token.revoked", gone.id, f"subject {gone.subject}", at))
    return True
