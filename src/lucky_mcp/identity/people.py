"""From verified claims to a principal: subject, roles by group, attributes; nothing that no rule names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lucky_mcp.identity.claims import checked_subject
from lucky_mcp.identity.verified import CredentialRefused
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import RESERVED, IdentityRules
from lucky_mcp.policy.identity_schema import IssuerEntry

EMAIL = "email"
VALUES_MAX = 1_000


def principal_by(rules: IdentityRules, issuer: IssuerEntry, claims: Mapping[str, Any]) -> Principal:
    """Return the person, or the app, whom verified claims of that issuer name; without roles when no rule
    gives it any. CredentialRefused for a subject that this issuer may not give.
    """
    said = claims.get(issuer.subject_claim)
    if not isinstance(said, str) or not said:
        raise CredentialRefused("it names no subject")
    # Before anything is looked up by that name: whoever may enter any address must not be an app by it.
    if issuer.subject_claim == EMAIL and claims.get("email_verified") is not True:
        raise CredentialRefused("its e-mail address is not verified")
    app = rules.apps.get(issuer.services.get(said, ""))
    if app is not None:
        return Principal(subject=issuer.services[said], roles=app.roles)
    subject = issuer.subject_prefix + said
    others = {each.subject_prefix for each in rules.issuers.values() if each.issuer != issuer.issuer} - {""}
    if said.startswith(RESERVED) or subject.startswith((*RESERVED, *others)):
        raise CredentialRefused("its subject is not this issuer's to give")
    try:
        checked_subject(subject)
    except ValueError:
        raise CredentialRefused("its subject is no name that a caller may have") from None
    vouched = set(_texts(claims.get(issuer.groups_claim))) & set(issuer.groups)
    named = {name: _texts(claims.get(claim)) for name, claim in issuer.attributes.items()}
    return person(rules, subject, vouched, {name: values for name, values in named.items() if values})


def person(
    rules: IdentityRules,
    subject: str,
    groups: Iterable[str],
    attributes: Mapping[str, tuple[str, ...]] | None = None,
    *,
    within: Iterable[str] | None = None,
) -> Principal:
    """Return somebody as a member of groups that were vouched for, with what the rules say of it besides.

    `within`, where it is given, bounds all of its groups, those of the rules too.
    """
    known = rules.people.get(subject)
    member = {*groups, *(known.groups if known else ())}
    if within is not None:
        member &= set(within)
    own = known.attributes if known else {}
    return Principal(subject=subject, roles=rules.roles_of(member), attributes={**(attributes or {}), **own})


def _texts(value: object) -> tuple[str, ...]:
    """Return a claim's values as texts; anything but a text, a whole number or a list of them is none."""
    several = value if isinstance(value, list) else [value]
    plain = (each for each in several[:VALUES_MAX] if isinstance(each, str | int))
    return tuple(str(each) for each in plain if each != "" and not isinstance(each, bool))
