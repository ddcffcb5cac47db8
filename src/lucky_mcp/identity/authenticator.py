"""Every way in which a caller may say who it is, asked one after the other by the look of its credential."""

from __future__ import annotations

from collections.abc import Callable

from lucky_mcp.identity.people import principal_by
from lucky_mcp.identity.signed_tokens import SignedTokens, expiry_of, said_issuer
from lucky_mcp.identity.verified import CredentialRefused, Verified
from lucky_mcp.policy.identity_rules import IdentityRules

# Who holds a token of the token file; None is nobody.
Holder = Callable[[str], Verified | None]


class Authenticator:
    """Tokens of the token file, and tokens signed by the issuers of the rules in force."""

    def __init__(self, *, holder: Holder, signed: SignedTokens, rules: Callable[[], IdentityRules]) -> None:
        self._holder = holder
        self._signed = signed
        self._rules = rules

    async def authenticate(self, secret: str) -> Verified:
        """Return who presents a bearer token; CredentialRefused, ConfigurationError from the token file."""
        if secret.count(".") != 2:
            found = self._holder(secret)
            if found is None:
                raise CredentialRefused("no such token, or one that has expired or was revoked")
            return found
        rules = self._rules()
        issuer = rules.issuer_of(said_issuer(secret))
        if issuer is None:
            raise CredentialRefused("its issuer is not one of this server's")
        claims = await self._signed.claims(secret, issuer)
        return Verified(principal=principal_by(rules, issuer, claims), expires=expiry_of(claims, issuer))
