"""The shape of `identity.yaml`: whose word counts on who a caller is, what groups and apps may be here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lucky_mcp.policy.revoked_schema import Revoked

DELEGATION_SECONDS_MAX = 600

# Signatures of one key pair alone: a secret that both sides have lets either of them make tokens.
Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"
]
App = Annotated[str, StringConstraints(pattern=r"^app:[A-Za-z0-9][A-Za-z0-9._:@+-]{0,123}$")]
Group = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Subject = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}$")]
Attribute = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IssuerEntry(_Model):
    """Who signs tokens (JWT), and what of them is taken; either `jwks_url` or `public_key` has its keys.

    `issuer` is the claim `iss`, whole; `audiences` are the claims `aud` that mean this server, its own
    addresses when left out. `accepts: forwarded` takes its tokens only where an app hands them on.
    `groups` are those that it may vouch for. `attributes` maps attributes to claims, `services` subjects of
    its tokens to apps. `private_network` lets the address of its keys be one that is not public. `revoked`
    counts for every entry of the same issuer.
    """

    issuer: Text
    owner: Text
    jwks_url: str = ""
    public_key: str = ""
    audiences: tuple[Text, ...] = ()
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256",), min_length=1)
    accepts: Literal["bearer", "forwarded"] = "bearer"
    subject_claim: Text = "sub"
    subject_prefix: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,30}:)?$")
    groups_claim: Text = "groups"
    groups: tuple[Group, ...] = ()
    attributes: dict[Attribute, Text] = Field(default_factory=dict)
    services: dict[str, App] = Field(default_factory=dict)
    clock_skew_s: int = Field(default=30, ge=0, le=300)
    private_network: bool = False
    revoked: Revoked = ()


class GroupEntry(_Model):
    """What the members of a group are here."""

    roles: tuple[str, ...] = Field(min_length=1)
    why: Text


class PersonEntry(_Model):
    """What is known of a person here, whoever vouches for who it is."""

    groups: tuple[Group, ...] = ()
    attributes: dict[Attribute, tuple[Text, ...]] = Field(default_factory=dict)


class AppEntry(_Model):
    """An app: what it is without a person, and for whom it may speak.

    `without_person` is `refuse`, `own` (its own rights), or the roles that are left of them. `roles` are its
    own where a signed token names it. `delegates_for` are the apps for which it hands out handles, of members
    of `groups`; `forwarded_by` is the issuer whose tokens it hands on.
    """

    owner: Text
    why: Text
    without_person: Literal["refuse", "own"] | tuple[str, ...] = "refuse"
    roles: tuple[str, ...] = ()
    delegates_for: tuple[App, ...] = ()
    groups: tuple[Group, ...] = ()
    forwarded_by: str = ""
    ttl_max_s: int = Field(default=DELEGATION_SECONDS_MAX, ge=10, le=DELEGATION_SECONDS_MAX)
    delegations_per_minute: int = Field(default=60, ge=1, le=6000)


class IdentityFile(_Model):
    """The whole file; a group that it does not name gives nothing."""

    issuers: dict[str, IssuerEntry] = Field(default_factory=dict)
    groups: dict[Group, GroupEntry] = Field(default_factory=dict)
    people: dict[Subject, PersonEntry] = Field(default_factory=dict)
    apps: dict[App, AppEntry] = Field(default_factory=dict)
