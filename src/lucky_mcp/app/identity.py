"""Who callers are: the token file and the issuers of the policies, made of settings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lucky_mcp.app.gateway import now, policy_directory
from lucky_mcp.app.tokens import open_tokens
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.authenticator import Authenticator
from lucky_mcp.identity.signed_tokens import SignedTokens
from lucky_mcp.identity.signing_keys import SigningKeys
from lucky_mcp.policy.identity_schema import IdentityFile
from lucky_mcp.policy.yaml_files import YamlFile
from lucky_mcp.settings import Settings

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway
    from lucky_mcp.server.auth import AuthProvider

PATHS = ("/mcp", "/sse")


def check_identity(settings: Settings) -> None:
    """ConfigurationError when nobody could call over HTTP, or no signed token could be for this server."""
    entries = _identity_file(policy_directory(settings))
    if not entries.issuers and not open_tokens(settings).tokens():
        raise ConfigurationError(
            f"{settings.tokens_path}: no token exists, so nobody could call; run: lucky-mcp token create"
        )
    for name, issuer in entries.issuers.items():
        if not issuer.audiences and not settings.public_url:
            raise ConfigurationError(
                f"identity.yaml: issuer {name} has no audiences, and LUCKY_PUBLIC_URL is not set, so no token"
                " could be known to be for this server"
            )


def signed_tokens(settings: Settings, environment: Mapping[str, str]) -> SignedTokens:
    """What verifies tokens of issuers."""
    from lucky_mcp.server.key_fetch import fetch_keys

    keys = SigningKeys(fetch=fetch_keys, environment=environment, ticks=time.monotonic)
    audiences = tuple(settings.public_url + path for path in PATHS) if settings.public_url else ()
    return SignedTokens(keys=keys, audiences=audiences, now=now)


def authentication(settings: Settings, gateway: Gateway, signed: SignedTokens) -> AuthProvider:
    """What guards HTTP: every provider at once, and its metadata where issuers sign tokens for people."""
    from lucky_mcp.server.auth import CredentialVerifier, resource_server

    tokens = open_tokens(settings)
    authenticator = Authenticator(
        holder=tokens.holder, signed=signed, rules=lambda: gateway.policies.identity
    )
    verifier = CredentialVerifier(authenticator.authenticate)
    found = gateway.policies.identity.issuers.values()
    issuers = tuple(each.issuer for each in found if each.accepts == "bearer")
    if not issuers or not settings.public_url:
        return verifier
    return resource_server(verifier, issuers=issuers, public_url=settings.public_url)


def _identity_file(policies: Path) -> IdentityFile:
    path = policies / "identity.yaml"
    return YamlFile(path, policies).read_as(IdentityFile) if path.exists() else IdentityFile()
