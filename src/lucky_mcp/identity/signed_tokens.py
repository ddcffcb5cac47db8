"""Signed tokens (JWT): checked by a library, every claim that must be there demanded, then read by the rules.

What is asked of a token is written down in docs/identity.md. Everything that fails is CredentialRefused.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
)
from joserfc.jws import JWSRegistry

from lucky_mcp.identity.revocations import refuse_revoked
from lucky_mcp.identity.signing_keys import SigningKeys
from lucky_mcp.identity.verified import CredentialRefused
from lucky_mcp.policy.identity_schema import IssuerEntry

TOKEN_CHARS_MAX = 16_384


class SignedTokens:
    """Verifies tokens of issuers; `audiences` are this server's addresses, `now` returns an aware time."""

    def __init__(self, *, keys: SigningKeys, audiences: tuple[str, ...], now: Callable[[], datetime]) -> None:
        self._keys = keys
        self._audiences = audiences
        self._now = now

    async def claims(self, token: str, issuer: IssuerEntry) -> Mapping[str, Any]:
        """Return the claims of a token that this issuer has signed for this server, and that holds now."""
        header = _part(token, 0)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in issuer.algorithms:
            raise CredentialRefused("its algorithm is not one that this issuer signs by")
        if "crit" in header or (kid is not None and not isinstance(kid, str)):
            raise CredentialRefused("its header asks for what is not supported")
        key = await self._keys.find(issuer, algorithm, kid)
        algorithms = [algorithm]
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        try:
            claims = jwt.decode(token, key, algorithms=algorithms, registry=registry).claims
            self._rules(issuer).validate(claims)
        except ExpiredTokenError:
            raise CredentialRefused("it has expired") from None
        except (InvalidClaimError, MissingClaimError) as failure:
            raise CredentialRefused(f"its claim {failure.claim} does not hold") from None
        except BadSignatureError:
            raise CredentialRefused("its signature is wrong") from None
        except (JoseError, ValueError, TypeError) as failure:
            raise CredentialRefused(f"it cannot be read ({type(failure).__name__})") from None
        refuse_revoked(claims, issuer)
        return claims

    def _rules(self, issuer: IssuerEntry) -> jwt.JWTClaimsRegistry:
        audiences = list(issuer.audiences or self._audiences)
        if not audiences:
            raise CredentialRefused("nobody has said which audience this server is")
        return jwt.JWTClaimsRegistry(
            now=int(self._now().timestamp()),
            leeway=issuer.clock_skew_s,
            iss={"essential": True, "value": issuer.issuer},
            aud={"essential": True, "values": audiences},
            exp={"essential": True},
        )


def said_issuer(token: str) -> str:
    """Return who a token says has issued it, unverified; CredentialRefused when it says nothing."""
    issuer = _part(token, 1).get("iss")
    if not isinstance(issuer, str):
        raise CredentialRefused("it names no issuer")
    return issuer


def expiry_of(claims: Mapping[str, Any], issuer: IssuerEntry) -> datetime:
    """Return until when verified claims hold, for an issuer whose clock may be slow."""
    try:
        return datetime.fromtimestamp(claims["exp"] + issuer.clock_skew_s, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def _part(token: str, index: int) -> Mapping[str, Any]:
    if len(token) > TOKEN_CHARS_MAX:
        raise CredentialRefused(f"it is longer than {TOKEN_CHARS_MAX:,} characters")
    parts = token.split(".")
    if len(parts) != 3:
        raise CredentialRefused("it is no signed token")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[index] + "=" * (-len(parts[index]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise CredentialRefused("it is no signed token") from None
    if not isinstance(found, dict):
        raise CredentialRefused("it is no signed token")
    return found
