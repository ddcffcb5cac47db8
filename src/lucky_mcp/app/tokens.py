"""Tokens, made and revoked with a record of both."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import closing

from lucky_mcp.app.gateway import now, open_audit
from lucky_mcp.identity.known_roles import refuse_unknown_roles, roles_for_tokens
from lucky_mcp.identity.tokens import NewToken, TokenStore
from lucky_mcp.model.principal import Principal
from lucky_mcp.settings import Settings


def open_tokens(settings: Settings) -> TokenStore:
    """The token file below the state directory."""
    return TokenStore(settings.tokens_path, now=now, random_bytes=secrets.token_bytes)


def create_token(
    settings: Settings,
    *,
    subject: str,
    roles: tuple[str, ...],
    attributes: Mapping[str, tuple[str, ...]],
    expires_days: int | None,
) -> NewToken:
    """Make a token that the audit knows of; ValueError when a subject, role or attribute may not be.

    Roles are looked up in the policies when `settings` name some.
    """
    from lucky_mcp.gateway import operators

    if settings.policies is not None:
        refuse_unknown_roles(roles, roles_for_tokens(settings.policies))
    holder, days = Principal(subject=subject, roles=roles, attributes=attributes), expires_days
    with closing(open_audit(settings)) as audit:
        return operators.create_token(open_tokens(settings), audit, holder, days, now())


def revoke_token(settings: Settings, token_id: str) -> bool:
    """Take a token out of use; False when there is none of that id."""
    from lucky_mcp.gateway import operators

    with closing(open_audit(settings)) as audit:
        return operators.revoke_token(open_tokens(settings), audit, token_id, now())
