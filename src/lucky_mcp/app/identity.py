"""Who callers are: the token file and the issuers of the policies, made of settings."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lucky_mcp.app.gateway import now, policy_directory
from lucky_mcp.app.tokens import open_tokens
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.authenticator import Authenticator
from lucky_mcp.identity.delegations import Delegations
from lucky_mcp.identity.on_behalf import OnBehalf
from lucky_mcp.identity.signed_tokens import SignedTokens
from lucky_mcp.identity.signing_keys import SigningKeys
from lucky_mcp.policy.identity_rules import IdentityRules
from lucky_mcp.policy.identity_schema import IdentityFile
from lucky_mcp.policy.yaml_files import YamlFile
from lucky_mcp.settings import Settings

if TYPE_CHECKING:
    from lucky_mcp.gateway.delegating import Delegating
    from lucky_mcp.gateway.read import Gateway
    from lucky_mcp.gateway.refusal_log import RefusalLog
    from lucky_mcp.server.auth import AuthProvider

PATHS = ("/mcp", "/sse")


def check_identity(settings: Settings) -> None:
    """ConfigurationError when nobody could call over HTTP, or no signed token could be for this server."""
    entries = identity_file(policy_directory(settings))
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


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What settles for whom a call is, and keeps what was refused."""

    signed: SignedTokens
    on_behalf: OnBehalf
    delegating: Delegating
    refusals: RefusalLog


@asynccontextmanager
async def open_identity(
    settings: Settings, gateway: Gateway, environment: Mapping[str, str]
) -> AsyncIterator[Identity]:
    """By the rules of the gateway's policies, whichever are in force; closed with what it opened."""
    from lucky_mcp.gateway.delegating import Delegating
    from lucky_mcp.gateway.refusal_log import RefusalLog

    def rules() -> IdentityRules:
        return gateway.policies.identity

    handles = settings.handles(environment, now)
    delegations = Delegations(handles, rules=rules, now=now, random_bytes=secrets.token_bytes)
    signed = signed_tokens(settings, environment)
    refusals = RefusalLog(gateway.audit, now=now)
    delegating = Delegating(
        delegations,
        rules=rules,
        audit=gateway.audit,
        refusals=refusals,
        meter=settings.meter(environment),
        now=now,
    )
    try:
        yield Identity(
            signed=signed,
            on_behalf=OnBehalf(rules=rules, delegations=delegations, signed=signed),
            delegating=delegating,
            refusals=refusals,
        )
    finally:
        await delegating.close()


def signed_tokens(settings: Settings, environment: Mapping[str, str]) -> SignedTokens:
    """What verifies tokens of issuers."""
    from lucky_mcp.server.key_fetch import fetch_keys

    keys = SigningKeys(fetch=fetch_keys, environment=environment, ticks=time.monotonic)
    audiences = tuple(settings.public_url + path for path in PATHS) if settings.public_url else ()
    return SignedTokens(keys=keys, audiences=audiences, now=now)


def authentication(settings: Settings, gateway: Gateway, identity: Identity) -> AuthProvider:
    """What guards HTTP: every provider at once, and its metadata where issuers sign tokens for people."""
    from lucky_mcp.server.auth import CredentialVerifier, ResourceServer

    tokens = open_tokens(settings)
    authenticator = Authenticator(
        holder=tokens.holder, signed=identity.signed, rules=lambda: gateway.policies.identity
    )
    verifier = CredentialVerifier(authenticator.authenticate, identity.refusals.note)
    found = gateway.policies.identity.issuers.values()
    issuers = tuple(each.issuer for each in found if each.accepts == "bearer")
    if not issuers or not settings.public_url:
        return verifier
    return ResourceServer(verifier, issuers=issuers, public_url=settings.public_url)


def identity_file(policies: Path) -> IdentityFile:
    """What is written in identity.yaml; nothing where there is none."""
    path = policies / "identity.yaml"
    return YamlFile(path, policies).read_as(IdentityFile) if path.exists() else IdentityFile()
