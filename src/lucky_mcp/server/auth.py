"""From a transport to a principal: bearer credentials on HTTP, one token for the whole process on stdio."""

from __future__ import annotations

import math
from collections.abc import Callable

import structlog
from fastmcp.server.auth import AccessToken, RemoteAuthProvider, TokenVerifier
from fastmcp.server.auth import AuthProvider as AuthProvider
from fastmcp.server.dependencies import get_access_token
from pydantic import AnyHttpUrl
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from lucky_mcp.errors import ConfigurationError, NotAuthenticated
from lucky_mcp.identity.claims import claims_of, principal_of
from lucky_mcp.identity.demo import DEMO_DEFAULT
from lucky_mcp.identity.tokens import Verify
from lucky_mcp.identity.verified import Authenticate, CredentialRefused, Verified
from lucky_mcp.model.principal import Principal
from lucky_mcp.server.refused_requests import Note, RecordRefusals, give_reason, unrecorded

log = structlog.get_logger(__name__)

Identify = Callable[[], Principal]


class CredentialVerifier(TokenVerifier):
    """Lets FastMCP answer 401 with WWW-Authenticate to every request whose credential is refused."""

    def __init__(self, authenticate: Authenticate, note: Note = unrecorded) -> None:
        super().__init__()
        self._authenticate = authenticate
        self._tell = _told_once()
        self.note = note

    def get_middleware(self) -> list[Middleware]:
        """Record what is answered 401."""
        return [Middleware(RecordRefusals, note=self.note), *super().get_middleware()]

    async def verify_token(self, token: str) -> AccessToken | None:
        """The caller's claims; None when the credential is refused, or cannot be checked at all."""
        try:
            verified = await self._authenticate(token)
        except ConfigurationError as error:
            self._tell(error)
            give_reason("credentials cannot be checked")
            return None
        except CredentialRefused as refusal:
            give_reason(refusal.reason)
            return None
        principal = verified.principal
        # The secret has done its work; it is not carried further into the request.
        return AccessToken(
            token="",
            client_id=principal.subject,
            subject=principal.subject,
            scopes=[],
            expires_at=math.ceil(verified.expires.timestamp()) if verified.expires else None,
            claims=claims_of(principal),
        )


class BearerVerifier(CredentialVerifier):
    """The same where tokens are all there is; `verify` knows who holds one."""

    def __init__(self, verify: Verify, note: Note = unrecorded) -> None:
        async def authenticate(secret: str) -> Verified:
            principal = verify(secret)
            if principal is None:
                raise CredentialRefused("no such token, or one that has expired or was revoked")
            return Verified(principal=principal)

        super().__init__(authenticate, note)


class ResourceServer(RemoteAuthProvider):
    """Tells clients at `/.well-known/oauth-protected-resource/…` (RFC 9728) whose tokens are taken here."""

    def __init__(self, verifier: CredentialVerifier, *, issuers: tuple[str, ...], public_url: str) -> None:
        super().__init__(
            token_verifier=verifier,
            authorization_servers=[AnyHttpUrl(each) for each in issuers],
            base_url=public_url,
            resource_name="lucky-mcp",
        )
        self._note = verifier.note

    def get_middleware(self) -> list[Middleware]:
        """Record what is answered 401."""
        return [Middleware(RecordRefusals, note=self._note), *super().get_middleware()]


class DemoVerifier(BearerVerifier):
    """The same for demo mode, where a request without any credential is the demo analyst's."""

    def get_middleware(self) -> list[Middleware]:
        """Put the default credential in before FastMCP looks for one."""
        return [Middleware(_DefaultCredential), *super().get_middleware()]


class _DefaultCredential:
    """Adds the demo analyst's token to requests without an Authorization header; a wrong one stays wrong."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope.get("headers", [])
        if scope["type"] == "http" and not any(name.lower() == b"authorization" for name, _ in headers):
            scope = {**scope, "headers": [*headers, (b"authorization", f"Bearer {DEMO_DEFAULT}".encode())]}
        await self._app(scope, receive, send)


def bearer_caller() -> Principal:
    """Who the current HTTP request speaks for, as verified when it came in."""
    token = get_access_token()
    if token is None:
        raise _nobody("this request carries no bearer token")
    if token.claims.get("roles") == []:
        raise NotAuthenticated(
            "you are known here, and none of your groups has a role",
            next_step="ask the operator of this server for a group that has one",
        )
    try:
        return principal_of(token.claims)
    except ValueError:
        raise _nobody("this request's token names no principal") from None


def token_caller(secret: str, verify: Verify) -> Identify:
    """Who `secret` speaks for, asked again at each call, so that a revoked token stops a running process."""

    tell = _told_once()

    def identify() -> Principal:
        try:
            principal = verify(secret)
        except ConfigurationError as error:
            tell(error)
            principal = None
        if principal is None:
            raise _nobody("the token of this process is no longer valid")
        return principal

    return identify


def _told_once() -> Callable[[ConfigurationError], None]:
    """Log why nobody can be authenticated, once for each error, not for each request that meets it."""
    told: ConfigurationError | None = None

    def tell(error: ConfigurationError) -> None:
        nonlocal told
        if error is not told:
            log.error("nobody can be authenticated", why=str(error))
        told = error

    return tell


def _nobody(what: str) -> NotAuthenticated:
    return NotAuthenticated(what, next_step="ask the operator for a valid token")
