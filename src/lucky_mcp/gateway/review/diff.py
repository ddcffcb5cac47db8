"""`policy diff`: what a change of the files does to what callers see, judged on the side of caution.

Every role is compared, and every two roles together: a caller of more roles never sees more of a table than
some two of them do (docs/decisions), so nothing widens for three roles that does not show for two. People
whom a rule names are compared in every role, as if no rule had ended yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations

from lucky_mcp.decision.averaged import averaged_in_words
from lucky_mcp.decision.combine import smallest_bound
from lucky_mcp.decision.rare_rows import merged_in_words
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.gateway.review.access import TableAccess, accesses, roles_of_people
from lucky_mcp.gateway.review.causes_of_change import column_rule, table_rule
from lucky_mcp.gateway.review.changes import PAIR, Change, Effect, told_once
from lucky_mcp.gateway.review.identity_changes import identity_changes
from lucky_mcp.gateway.review.key_access import key_accesses
from lucky_mcp.gateway.review.key_denials import denial_changes
from lucky_mcp.gateway.review.quota_changes import quota_changes
from lucky_mcp.gateway.review.settings_diff import changed_settings
from lucky_mcp.gateway.review.timed_diff import BEFORE_ALL_ENDS, callers_named, timed_changes
from lucky_mcp.model.decision import Averaged, MaskName, Merged, VisibleColumn
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.masks import STRENGTH
from lucky_mcp.policy.offline import Written
from lucky_mcp.policy.policy_set import PolicySet

Key = tuple[str, str]


def diff(old: Written, new: Written) -> tuple[Change, ...]:
    """Return every change of access from `old` to `new`, what widens it first."""
    sets = (old.policies, new.policies)
    return told_once(
        [
            *_access_changes(*sets),
            *timed_changes(*sets),
            *denial_changes(*sets),
            *_bound_changes(*sets),
            *quota_changes(*sets),
            *identity_changes(*(each.identity for each in sets)),
            *changed_settings(old, new),
        ]
    )


def is_stricter(old: MaskName | None, new: MaskName | None) -> bool:
    """Whether the new mask shows nothing that the old one hid: absent > null > redact > any other > plain.

    Two other masks show different parts of a value, so neither is stricter than the other.
    """
    return old is new or _strength(new) > _strength(old)


def _strength(mask: MaskName | None) -> float:
    return -1 if mask is None else STRENGTH.get(mask, 0)


def _callers(old: PolicySet, new: PolicySet) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield how callers are written, their roles, and the person where rules name one."""
    people = tuple(dict.fromkeys((*roles_of_people(old), *roles_of_people(new))))
    yield from ((role, (role,), "") for role in dict.fromkeys((*old.roles, *new.roles)))
    yield from ((PAIR.join(pair), pair, "") for pair in combinations(people, 2))
    yield from ((written, named.roles, named.subject) for written, named in callers_named(old, new))


def _access_changes(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    for written, roles, person in _callers(old, new):
        before = _accesses(old, roles, person)
        after = _accesses(new, roles, person)
        for key in sorted({*before, *after}):
            for change in _table_changes(old, new, before.get(key), after.get(key)):
                yield replace(change, callers=(written,))


def _accesses(policies: PolicySet, roles: tuple[str, ...], person: str) -> dict[Key, TableAccess]:
    subject = person or "review:nobody"
    keys = key_accesses(policies, Principal(subject=subject, roles=roles))
    found = chain(accesses(policies, roles, BEFORE_ALL_ENDS, person), keys)
    return {(each.source, each.table): each for each in found}


def _table_changes(
    old: PolicySet, new: PolicySet, before: TableAccess | None, after: TableAccess | None
) -> Iterator[Change]:
    if before is None or before.denied:
        if after is not None and not after.denied:
            masked = ", ".join(f"{name} {after.shown(name)}" for name in after.columns)
            rule = table_rule(old, new, after)
            yield _change(Effect.WIDENS, rule, after, f"may be read now ({masked})")
    elif after is None or after.denied:
        rule = table_rule(new, old, before)
        yield _change(Effect.NARROWS, rule, before, "may not be read any more")
    else:
        yield from _readable_changes(old, new, before, after)


def _readable_changes(
    old: PolicySet, new: PolicySet, before: TableAccess, after: TableAccess
) -> Iterator[Change]:
    yield from _column_changes(old, new, before, after)
    yield from _filter_changes(before, after)
    yield from _requirement_changes(before, after)
    yield from _below_changes(old, new, before, after)


def _column_changes(
    old: PolicySet, new: PolicySet, before: TableAccess, after: TableAccess
) -> Iterator[Change]:
    for name in sorted({*before.columns, *after.columns}):
        was, now = before.columns.get(name), after.columns.get(name)
        shown = tuple(_in_detail(access, name) for access in (before, after))
        if shown[0] == shown[1]:
            continue
        narrower = now is None or (was is not None and _is_narrower(was, now))
        rule = column_rule(new, old, before, name) if narrower else column_rule(old, new, after, name)
        effect = Effect.NARROWS if narrower else Effect.WIDENS
        yield _change(effect, rule, after, f"{shown[0]} -> {shown[1]}", name)


def _in_detail(access: TableAccess, column: str) -> str:
    found = access.columns.get(column)
    averaged = found.averaged if found is not None else None
    merged = [merged_in_words(each) for each in found.merged] if found is not None else []
    shown = averaged_in_words(averaged) if averaged is not None else access.shown(column)
    return "; ".join([shown, *merged])


def _is_narrower(was: VisibleColumn, now: VisibleColumn) -> bool:
    if was.averaged is not None and now.averaged is not None:
        return _averages_less(was.averaged, now.averaged)
    if not all(any(_merges_more(each, other) for other in now.merged) for each in was.merged):
        return False
    return set(was.masks_below) <= set(now.masks_below) and is_stricter(was.mask, now.mask)


def _merges_more(was: Merged, now: Merged) -> bool:
    return was.alike == now.alike and now.k_min >= was.k_min


def _averages_less(was: Averaged, now: Averaged) -> bool:
    """Of the same groups only the larger: other groups overlap the old ones, and differ by few people."""
    return replace(was, group_min=now.group_min) == now and now.group_min >= was.group_min


def _filter_changes(before: TableAccess, after: TableAccess) -> Iterator[Change]:
    """A filter that is not there word for word is gone: nobody reasons about whether another covers it."""
    kept = [each.predicate for each in before.filters]
    now = [each.predicate for each in after.filters]
    for each in before.filters:
        if each.predicate not in now:
            what = f"no longer filtered to rows where {condition(each.predicate)}"
            yield _change(Effect.WIDENS, _waiver_of(each.rule.id, after), after, what)
    for each in after.filters:
        if each.predicate not in kept:
            what = f"filtered to rows where {condition(each.predicate)}"
            yield _change(Effect.NARROWS, _waiver_of(each.rule.id, before), after, what)


def _waiver_of(contract: str, access: TableAccess) -> str:
    """Return the exemption by which a contract does not filter, else the contract itself."""
    return next((each.rule.id for each in access.waivers if each.about == contract), contract)


def _requirement_changes(before: TableAccess, after: TableAccess) -> Iterator[Change]:
    for each in before.requires:
        if not any(set(other.options) <= set(each.options) for other in after.requires):
            yield _change(Effect.WIDENS, each.rule.id, after, "requires less of each scan")
    for each in after.requires:
        if not any(set(other.options) <= set(each.options) for other in before.requires):
            yield _change(Effect.NARROWS, each.rule.id, after, "requires more of each scan")


def _below_changes(
    old: PolicySet, new: PolicySet, before: TableAccess, after: TableAccess
) -> Iterator[Change]:
    """What a view reads belongs to the view: nobody need be granted the tables below it."""
    if before.definition != after.definition:
        yield _change(Effect.WIDENS, f"view:{after.table}", after, "the definition of the view changed")
    under = {each.table: each for each in before.below}
    for each in after.below:
        if each.table in under:
            for change in _readable_changes(old, new, under[each.table], each):
                yield replace(change, subject=f"{change.subject} (read by {after.table})")


def _change(effect: Effect, rule: str, access: TableAccess, what: str, column: str = "") -> Change:
    subject = f"{access.source} {access.table}{'.' if column else ''}{column}"
    return Change(effect=effect, rule=rule, subject=subject, what=what)


def _bound_changes(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    for role in dict.fromkeys((*old.roles, *new.roles)):
        if role not in old.roles or role not in new.roles:
            continue
        for kind in Kind:
            before = smallest_bound(old, (role,), (old.bounds_by_kind.get(kind, {}),))
            after = smallest_bound(new, (role,), (new.bounds_by_kind.get(kind, {}),))
            for name in type(before).__dataclass_fields__:
                was, now = getattr(before, name), getattr(after, name)
                if was != now:
                    yield Change(
                        effect=Effect.WIDENS if now > was else Effect.NARROWS,
                        rule=f"bounds:{role}",
                        subject=f"{name} on {kind}",
                        what=f"{was} -> {now}",
                        callers=(role,),
                    )
