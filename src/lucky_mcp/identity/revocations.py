"""Whether verified claims are of a token that reviewers have revoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lucky_mcp.identity.verified import CredentialRefused
from lucky_mcp.policy.identity_schema import IssuerEntry
from lucky_mcp.policy.revoked_schema import RevokedEntry


def refuse_revoked(claims: Mapping[str, Any], issuer: IssuerEntry) -> None:
    """CredentialRefused for claims that one of the issuer's entries is about."""
    if any(_is_about(each, claims, issuer) for each in issuer.revoked):
        raise CredentialRefused("it was revoked in identity.yaml")


def _is_about(entry: RevokedEntry, claims: Mapping[str, Any], issuer: IssuerEntry) -> bool:
    if entry.jti:
        return bool(claims.get("jti") == entry.jti)
    said = claims.get(issuer.subject_claim)
    if entry.subject not in {f"{issuer.subject_prefix}{said}", said, claims.get("sub")}:
        return False
    issued = claims.get("iat")
    if entry.issued_before is None or not isinstance(issued, int | float):
        return True
    # The issuer's clock may be ahead: what it says of the last seconds before is not believed.
    return issued < entry.issued_before.timestamp() + issuer.clock_skew_s
