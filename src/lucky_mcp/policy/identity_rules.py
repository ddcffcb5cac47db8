"""`identity.yaml` as it is decided by: checked against the roles, its addresses filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlsplit

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.identity_schema import AppEntry, IdentityFile, IssuerEntry, PersonEntry
from lucky_mcp.policy.revoked_schema import RevokedEntry
from lucky_mcp.policy.source_urls import expand
from lucky_mcp.policy.yaml_files import YamlFile
from lucky_mcp.secrets.references import HOW, is_reference

SYSTEM_PREFIX = "system:"
# Subjects that no issuer may give, whatever its tokens say.
RESERVED = ("app:", SYSTEM_PREFIX, "demo:")
# Where in the file, and what is wrong there.
Fault: TypeAlias = tuple[tuple[str | int, ...], str]


@dataclass(frozen=True, kw_only=True)
class IdentityRules:
    """Issuers by their names, roles by group, people and apps by subject."""

    issuers: Mapping[str, IssuerEntry] = field(default_factory=dict)
    roles_by_group: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    people: Mapping[str, PersonEntry] = field(default_factory=dict)
    apps: Mapping[str, AppEntry] = field(default_factory=dict)

    def issuer_of(self, claim: str) -> IssuerEntry | None:
        """Return who signs bearer tokens that say they are from `claim`; None when nobody may."""
        found = (each for each in self.issuers.values() if each.issuer == claim)
        return next((each for each in found if each.accepts == "bearer"), None)

    def roles_of(self, groups: Iterable[str]) -> tuple[str, ...]:
        """Return the roles of all these groups together, in order; a group that is not known gives none."""
        found = {role for group in groups for role in self.roles_by_group.get(group, ())}
        return tuple(sorted(found))


NOBODY = IdentityRules()


def read_identity(
    file: YamlFile, roles: Iterable[str], environment: Mapping[str, str] = MappingProxyType({})
) -> IdentityRules:
    """Return the rules of one file; ConfigurationError names file, line and fault.

    `environment` fills in `${NAME}` in addresses, issuers and audiences.
    """
    entries = file.read_as(IdentityFile)
    known = {role for role in roles if not role.startswith(SYSTEM_PREFIX)}
    for path, fault in _faults(entries, known):
        raise ConfigurationError(f"{file.place(path)}: {fault}")
    issuers = {
        name: _expanded(entry, environment, file.place(("issuers", name)))
        for name, entry in entries.issuers.items()
    }
    for name, entry in issuers.items():
        if fault := _key_fault(entry):
            raise ConfigurationError(f"{file.place(('issuers', name))}: {fault}")
    return IdentityRules(
        issuers=MappingProxyType(_revoked_together(issuers)),
        roles_by_group=MappingProxyType({name: entry.roles for name, entry in entries.groups.items()}),
        people=MappingProxyType(dict(entries.people)),
        apps=MappingProxyType(dict(entries.apps)),
    )


def _expanded(entry: IssuerEntry, environment: Mapping[str, str], place: str) -> IssuerEntry:
    return entry.model_copy(
        update={
            "issuer": expand(entry.issuer, environment, place),
            "jwks_url": expand(entry.jwks_url, environment, place),
            "audiences": tuple(expand(each, environment, place) for each in entry.audiences),
        }
    )


def _revoked_together(issuers: Mapping[str, IssuerEntry]) -> dict[str, IssuerEntry]:
    """Give entries of one issuer all that it has revoked: a token is the same whoever hands it in."""
    revoked: dict[str, dict[RevokedEntry, None]] = {}
    for entry in issuers.values():
        revoked.setdefault(entry.issuer, {}).update(dict.fromkeys(entry.revoked))
    return {
        name: entry.model_copy(update={"revoked": tuple(revoked[entry.issuer])})
        for name, entry in issuers.items()
    }


def _faults(entries: IdentityFile, roles: set[str]) -> Iterator[Fault]:
    for name, group in entries.groups.items():
        yield from _unknown(("groups", name), group.roles, roles, "role")
    groups = set(entries.groups)
    for name, person in entries.people.items():
        yield from _unknown(("people", name), person.groups, groups, "group")
        if name.startswith(RESERVED):
            yield ("people", name), f"no person's subject starts with one of {', '.join(RESERVED)}"
    for name, app in entries.apps.items():
        yield from _app_faults(name, app, entries, roles)
    yield from _issuer_faults(entries)


def _app_faults(name: str, app: AppEntry, entries: IdentityFile, roles: set[str]) -> Iterator[Fault]:
    place = ("apps", name)
    yield from _unknown((*place, "roles"), app.roles, roles, "role")
    yield from _unknown((*place, "groups"), app.groups, set(entries.groups), "group")
    yield from _unknown((*place, "delegates_for"), app.delegates_for, set(entries.apps), "app")
    if isinstance(app.without_person, tuple):
        yield from _unknown((*place, "without_person"), app.without_person, roles, "role")
        if not app.without_person:
            yield (*place, "without_person"), "it is refuse, own, or a list of roles that is not empty"
    if app.forwarded_by:
        issuer = entries.issuers.get(app.forwarded_by)
        if issuer is None or issuer.accepts != "forwarded":
            yield (*place, "forwarded_by"), "it must name an issuer with accepts: forwarded"


def _issuer_faults(entries: IdentityFile) -> Iterator[Fault]:
    seen: dict[tuple[str, str], str] = {}
    prefixes: dict[str, tuple[str, str]] = {}
    for name, issuer in entries.issuers.items():
        place = ("issuers", name)
        yield from _unknown((*place, "groups"), issuer.groups, set(entries.groups), "group")
        yield from _unknown((*place, "services"), issuer.services.values(), set(entries.apps), "app")
        for number, revoked in enumerate(issuer.revoked):
            yield from (((*place, "revoked", number), fault) for fault in revoked.faults())
        if issuer.subject_prefix.startswith(RESERVED):
            yield (*place, "subject_prefix"), f"it must not be one of {', '.join(RESERVED)}"
        other = seen.setdefault((issuer.issuer, issuer.accepts), name)
        if other != name:
            yield place, f"{other} is the same issuer"
        first, first_issuer = prefixes.setdefault(issuer.subject_prefix, (name, issuer.issuer))
        if first != name and first_issuer != issuer.issuer:
            yield (
                (*place, "subject_prefix"),
                f"{first} gives its subjects the same prefix, so that one could name the people of the other;"
                " give each issuer but one a subject_prefix of its own",
            )


def _unknown(
    place: tuple[str | int, ...], named: Iterable[str], known: set[str], what: str
) -> Iterator[Fault]:
    for each in named:
        if each not in known:
            yield place, f"unknown {what} {each!r}"


def _key_fault(entry: IssuerEntry) -> str:
    if bool(entry.jwks_url) is bool(entry.public_key):
        return "it has either jwks_url or public_key"
    if entry.public_key:
        return "" if is_reference(entry.public_key) else f"public_key says where the key is: {HOW}"
    if "://" not in entry.jwks_url:
        return ""  # a variable that only the server's environment has; whoever fetches looks again
    parts = urlsplit(entry.jwks_url)
    if parts.username or parts.password or parts.fragment:
        return "jwks_url holds neither a user nor a fragment"
    if parts.scheme == "https" and parts.hostname:
        return ""
    if parts.scheme == "http" and entry.private_network and _is_loopback(parts.hostname or ""):
        return ""
    return "jwks_url is https; http is for this machine alone, with private_network: true"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
