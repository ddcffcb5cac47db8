"""For whom a caller asks: for itself, or, if it is an app that says so in a way that counts, for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lucky_mcp.errors import NotAuthenticated
from lucky_mcp.identity.claims import APP_PREFIX
from lucky_mcp.identity.delegations import DelegationRefused, Delegations, HandlesAway
from lucky_mcp.identity.people import principal_by
from lucky_mcp.identity.signed_tokens import SignedTokens
from lucky_mcp.identity.verified import CredentialRefused
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import IdentityRules

AGAIN = "get a new lucky_ctx for this conversation and pass it on as it is"


class OnBehalf:
    """Turns an app and what it says of a person into one principal that has the rights of both.

    What does not count is refused: an app is never given more because it failed to say for whom it asks.
    """

    def __init__(
        self, *, rules: Callable[[], IdentityRules], delegations: Delegations, signed: SignedTokens
    ) -> None:
        self._rules = rules
        self._delegations = delegations
        self._signed = signed

    async def caller(self, base: Principal, handle: str | None, forwarded: str | None) -> Principal:
        """Return who asks, as `base` has proved to be, with a handle or the person's own token, or neither.

        NotAuthenticated tells the agent what to do; its audit detail says what was wrong.
        """
        if handle is None and forwarded is None:
            return self._alone(base)
        if not base.subject.startswith(APP_PREFIX):
            raise _refused("only an app asks for somebody else", "leave lucky_ctx out", "no app")
        if handle is not None and forwarded is not None:
            raise _refused("lucky_ctx and a user token say both for whom this is", AGAIN, "two of them")
        asked = await self._by_handle(base, handle) if handle else await self._by_token(base, forwarded or "")
        if not asked.roles:
            raise _refused(
                "the person for whom this is has no role here",
                "ask the operator of this server for a group that has one",
                f"no role for {asked.subject}",
            )
        return replace(asked, app=base)

    def _alone(self, base: Principal) -> Principal:
        app = self._rules().apps.get(base.subject)
        if app is None or app.without_person == "own":
            return base
        if app.without_person == "refuse":
            raise _refused("this app asks for people, and this call does not say for whom", AGAIN, "nobody")
        return Principal(subject=base.subject, roles=app.without_person, app=base)

    async def _by_handle(self, base: Principal, handle: str) -> Principal:
        try:
            return await self._delegations.person_for(base, handle)
        except DelegationRefused as refusal:
            what = "this lucky_ctx does not count: it has expired, was revoked, or is not this app's"
            raise _refused(what, AGAIN, refusal.reason) from None
        except HandlesAway as failure:
            what = "lucky_ctx cannot be looked up now"
            raise _refused(what, "try again in some seconds", str(failure)) from None

    async def _by_token(self, base: Principal, token: str) -> Principal:
        rules = self._rules()
        app = rules.apps.get(base.subject)
        issuer = rules.issuers.get(app.forwarded_by) if app is not None else None
        if issuer is None:
            what = "this app may not hand on tokens of its users"
            raise _refused(what, "ask the operator of this server", "not configured for it")
        try:
            found = principal_by(rules, issuer, await self._signed.claims(token, issuer))
        except CredentialRefused as refusal:
            what = "the user's token that came with this call does not hold"
            raise _refused(what, "sign in again, then ask again", refusal.reason) from None
        if found.subject.startswith(APP_PREFIX):
            raise _refused("an app cannot ask for an app", "sign in as a person", "it names an app")
        return found


def _refused(what: str, next_step: str, detail: str) -> NotAuthenticated:
    return NotAuthenticated(what, next_step=next_step, audit_detail=detail)
