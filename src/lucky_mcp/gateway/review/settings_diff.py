"""What is not of one table: which database a source is, what a reference set reads, the tools of a role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from lucky_mcp.gateway.review.changes import Change, Effect
from lucky_mcp.policy.offline import Written
from lucky_mcp.policy.policy_set import Reference, Role
from lucky_mcp.policy.schema import SourceEntry

# What only describes a source, or is compared by table. Everything else says which data is read, and how.
DESCRIBES = {"short_name", "domain", "owner", "description", "classification"}


def changed_settings(old: Written, new: Written) -> Iterator[Change]:
    """Yield changes of sources, reference sets and roles; what is new of the former shows in tables."""
    for name in sorted(old.sources.keys() & new.sources.keys()):
        yield from _source(name, old.sources[name], new.sources[name])
    before, after = old.policies, new.policies
    for name in sorted(before.references.keys() & after.references.keys()):
        yield from _reference(before.references[name], after.references[name])
    for name in sorted(before.roles.keys() & after.roles.keys()):
        yield from _role(before.roles[name], after.roles[name])
    for name in sorted(after.roles.keys() - before.roles.keys()):
        yield from _role(_without_rights(after.roles[name]), after.roles[name])
    for name in sorted(before.roles.keys() - after.roles.keys()):
        yield from _role(before.roles[name], _without_rights(before.roles[name]))


def _without_rights(role: Role) -> Role:
    return replace(role, toolset=None, reads_metadata=False, reads_system=False, unlisted=None)


def _source(name: str, old: SourceEntry, new: SourceEntry) -> Iterator[Change]:
    for field in SourceEntry.model_fields.keys() - DESCRIBES:
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            closes = field == "status" and now != "active"
            yield Change(
                effect=Effect.NARROWS if closes else Effect.WIDENS,
                rule=f"source:{name}",
                subject=f"source {name}",
                what=f"{field}: {was} -> {now}",
            )


def _reference(old: Reference, new: Reference) -> Iterator[Change]:
    for field in fields(Reference):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was == now:
            continue
        is_smaller = field.name in {"refresh_s", "max_age_s", "values_max"} and now < was
        yield Change(
            effect=Effect.NARROWS if is_smaller else Effect.WIDENS,
            rule=f"ref:{old.name}",
            subject=f"reference set {old.name}",
            what=f"{field.name}: {was} -> {now}",
        )


def _role(old: Role, new: Role) -> Iterator[Change]:
    if old.toolset != new.toolset:
        yield Change(
            effect=Effect.NARROWS if new.toolset is None else Effect.WIDENS,
            rule=f"{old.name}:toolset",
            subject=f"role {old.name}",
            what=f"toolset: {old.toolset} -> {new.toolset}",
        )
    for name in ("reads_system", "reads_metadata", "unlisted"):
        had, has = bool(getattr(old, name)), bool(getattr(new, name))
        if had != has:
            yield Change(
                effect=Effect.WIDENS if has else Effect.NARROWS,
                rule=f"{old.name}:{name}",
                subject=f"role {old.name}",
                what=f"{name}: {had} -> {has}",
            )
