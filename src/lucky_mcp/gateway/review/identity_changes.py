"""Changes of who callers are: whose tokens are taken, what groups give, what apps may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from lucky_mcp.gateway.review.changes import Change, Effect
from lucky_mcp.policy.identity_rules import IdentityRules
from lucky_mcp.policy.identity_schema import AppEntry, IssuerEntry, PersonEntry

# What only describes an entry.
DESCRIBES = {"owner", "why"}
# Emptied they take something away; any other text that changes may mean more.
OPENS = {"forwarded_by"}
NOBODY = PersonEntry()


def identity_changes(old: IdentityRules, new: IdentityRules) -> Iterator[Change]:
    """Yield what differs; whatever is not known to narrow counts as widening."""
    yield from _issuers(old.issuers, new.issuers)
    for name in sorted(old.roles_by_group.keys() | new.roles_by_group.keys()):
        was, now = old.roles_by_group.get(name, ()), new.roles_by_group.get(name, ())
        yield from _field(f"group:{name}", f"group {name}", "roles", was, now)
    for name in sorted(old.people.keys() | new.people.keys()):
        known, then = old.people.get(name, NOBODY), new.people.get(name, NOBODY)
        yield from _fields(f"person:{name}", f"person {name}", known, then)
    yield from _apps(old.apps, new.apps)


def _issuers(old: Mapping[str, IssuerEntry], new: Mapping[str, IssuerEntry]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        rule, subject = f"issuer:{name}", f"issuer {name}"
        if name not in old:
            yield _change(Effect.WIDENS, rule, subject, f"its tokens are taken now: {new[name].issuer}")
        elif name not in new:
            yield _change(Effect.NARROWS, rule, subject, "its tokens are not taken any more")
        else:
            yield from _fields(rule, subject, old[name], new[name])


def _apps(old: Mapping[str, AppEntry], new: Mapping[str, AppEntry]) -> Iterator[Change]:
    """An app without an entry asks for itself, with its own rights, and for nobody else."""
    for name in sorted(old.keys() | new.keys()):
        unlisted = AppEntry(owner="-", why="-", without_person="own")
        yield from _fields(name, f"app {name}", old.get(name, unlisted), new.get(name, unlisted))


def _fields(rule: str, subject: str, old: BaseModel, new: BaseModel) -> Iterator[Change]:
    for name in type(old).model_fields.keys() - DESCRIBES:
        yield from _field(rule, subject, name, getattr(old, name), getattr(new, name))


def _field(rule: str, subject: str, name: str, was: Any, now: Any) -> Iterator[Change]:
    if was != now:
        effect = Effect.NARROWS if _narrows(name, was, now) else Effect.WIDENS
        yield _change(effect, rule, subject, f"{name}: {_text(was)} -> {_text(now)}")


def _narrows(name: str, was: Any, now: Any) -> bool:
    if name == "without_person":
        return bool(now == "refuse" or was == "own" or (was != "refuse" and set(now) < set(was)))
    if name == "audiences":
        return bool(now) and set(now) < set(was)  # none means this server's own addresses
    if name == "revoked":
        return set(now) > set(was)
    if isinstance(was, tuple) and isinstance(now, tuple):
        return set(now) < set(was)
    if isinstance(was, dict) and isinstance(now, dict):
        return all(key in was and was[key] == value for key, value in now.items())
    if isinstance(was, int) and isinstance(now, int):
        return now < was
    return name in OPENS and not now


def _change(effect: Effect, rule: str, subject: str, what: str) -> Change:
    return Change(effect=effect, rule=rule, subject=subject, what=what)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}={_text(each)}" for key, each in value.items()) or "none"
    return str(value) if value != "" else "none"
