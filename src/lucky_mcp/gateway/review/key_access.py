"""What callers see of the keys of Redis clusters, in the terms in which tables are compared and printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from lucky_mcp.decision.keys import KeyDecision, KeySight, Shown, decided_key, key_rights, seen_by
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.prepare_keys import prepare_keys
from lucky_mcp.gateway.review.access import TableAccess, shown_as
from lucky_mcp.gateway.review.causes import Cause
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import MaskName, VisibleColumn
from lucky_mcp.model.keys import KeyShow
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyRead
from lucky_mcp.model.result import AppliedRule
from lucky_mcp.model.source import Source
from lucky_mcp.policy.key_rules import KeyRule
from lucky_mcp.policy.policy_set import PolicySet

METADATA = "(type, lifetime, size)"


def form_of(rule: KeyRule) -> str:
    """Return what a rule is about: the form of names, and of which types the keys are."""
    return f"{rule.template.text} ({', '.join(sorted(rule.types))})"


def key_columns(rule: KeyRule) -> tuple[str, ...]:
    """Return what there is to be seen: parts of the name, metadata, the value or its listed fields."""
    parts = tuple(f"{{{name}}}" for name in rule.parts)
    forms = tuple(template.text for template, _ in rule.field_forms)
    value = ("value",) if rule.value is not None else ()
    return (*parts, METADATA, *value, *rule.fields, *forms)


def key_accesses(policies: PolicySet, caller: Principal) -> Iterator[TableAccess]:
    """Yield what a caller sees of the keys of each rule, as if no other rule were about them."""
    seen: dict[int, tuple[TableAccess, ...]] = {}
    for name in sorted(policies.keys):
        policy = policies.keys[name]
        if id(policy) not in seen:
            seen[id(policy)] = tuple(_accesses(policies, caller, name))
        yield from (replace(each, source=name) for each in seen[id(policy)])


def _accesses(policies: PolicySet, caller: Principal, cluster: str) -> Iterator[TableAccess]:
    sights = key_rights(caller, policies.sources[cluster], policies).parties[0]
    for form in dict.fromkeys(form_of(each) for each in policies.keys[cluster].rules):
        own = [each for each in sights if form_of(each.rule) == form]
        yield TableAccess(
            roles=caller.roles,
            person=caller.subject,
            source=cluster,
            table=form,
            columns=MappingProxyType({each.name: each for each in _columns(own)}),
            filters=(),
            denied="" if own else "no rule for these roles",
            rule=own[0].rule.rule.id if own else "",
        )


def _columns(sights: list[KeySight]) -> Iterator[VisibleColumn]:
    if not sights:
        return
    rule = sights[0].rule
    for part in rule.parts:
        yield _column(f"{{{part}}}", seen_by(each.part(part) for each in sights), keeps=True)
    yield VisibleColumn(name=METADATA, type="")
    if any(each.rule.show is KeyShow.METADATA for each in sights):
        return
    shown = {"value": seen_by(each.value() for each in sights)} if rule.value is not None else {}
    shown |= {name: seen_by(each.field(name) for each in sights) for name in rule.fields}
    shown |= {form.text: Shown(mask=None, tags=tags) for form, tags in rule.field_forms}
    yield from (_column(name, each) for name, each in shown.items() if each.mask is not MaskName.DENY)


def _column(name: str, shown: Shown, *, keeps: bool = False) -> VisibleColumn:
    """A part of a name has its place, even where nothing of it is shown."""
    mask = MaskName.REDACT if keeps and shown.mask is MaskName.DENY else shown.mask
    return VisibleColumn(name=name, type="", tags=shown.tags, mask=mask, rule=shown.rule)


def explained_key(
    view: View, principal: Principal, source: Source, key: str
) -> tuple[ReadError | None, tuple[AppliedRule, ...], tuple[tuple[str, str], ...], tuple[Cause, ...]]:
    """Return the refusal of a key by name, else the rules behind it; how all is shown; and why not."""
    rights = key_rights(principal, source, view.policies)
    decision = decided_key(rights, key) if all(rights.parties) else None
    policy = view.policies.keys.get(source.name)
    denials = [each for each in rights.denials if each.template.match(key) is not None]
    hidden = [
        Cause(what=key, why=each.rule.why, rule_id=each.rule.id, place=each.rule.place) for each in denials
    ]
    for rule in policy.rules if policy is not None and decision is None else ():
        if rule.template.match(key) is not None and not denials:
            why = f"for {', '.join(sorted(rule.roles))}, from the level {rule.level} up"
            hidden.append(Cause(what=key, why=why, rule_id=rule.rule.id, place=rule.rule.place))
    try:
        prepare_keys(view, principal, source, KeyRead(source=source.name, key=key))
    except ReadError as refusal:
        return refusal, (), _shown(decision), tuple(hidden)
    return None, _applied(decision), _shown(decision), tuple(hidden)


def _shown(decision: KeyDecision | None) -> tuple[tuple[str, str], ...]:
    if decision is None:
        return ()
    columns = {each.name: each for each in _columns(list(decision.sights))}
    names = dict.fromkeys(name for sight in decision.sights for name in key_columns(sight.rule))
    return tuple((name, shown_as(columns[name]) if name in columns else "absent") for name in names)


def _applied(decision: KeyDecision | None) -> tuple[AppliedRule, ...]:
    rules = decision.rules if decision is not None else ()
    form = decision.form if decision is not None else ""
    what = decision.show.value if decision is not None else ""
    return tuple(
        AppliedRule(
            table=form,
            effect=f"shows {what}",
            rule_id=each.id,
            place=each.place,
            why=each.why,
            owner=each.owner,
        )
        for each in rules
    )
