"""What was refused, and the rule that would allow it: for a reviewer to say yes or no to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from lucky_mcp.audit.read_log import Asked
from lucky_mcp.gateway.review.causes import Cause
from lucky_mcp.gateway.review.explain import explain_as
from lucky_mcp.gateway.review.offline import offline_gateway
from lucky_mcp.gateway.review.reasons import BY_CODE, named_causes
from lucky_mcp.gateway.review.stand_ins import attribute_stand_ins
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.policy_set import PolicySet

PERMIT = "permit"
NO_RULE = "no rule: this is what every caller may write"


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What callers of some roles did not get, how often, and the rule that would allow it.

    It names what is in the catalog and the policies, and nothing that an agent wrote; `receipt` finds the
    text in the audit log.
    """

    roles: tuple[str, ...]
    source: str
    code: str
    what: str
    why: str
    rule: str
    place: str
    allow: str
    times: int
    receipt: str


async def suggestions(policies: PolicySet, asked: Iterable[Asked], now: datetime) -> tuple[Suggestion, ...]:
    """Return what is refused under the policies as they are now, the most frequent first.

    A question that was refused and would be answered by now is settled, and left out.
    """
    found: dict[Suggestion, Suggestion] = {}
    attributes = attribute_stand_ins(policies)
    for each in asked:
        if each.outcome == "ok":
            continue
        caller = Principal(subject=each.person, roles=each.roles, attributes=attributes)
        for made in await _of(policies, each, caller, now):
            key = replace(made, times=0, receipt="", code="")
            known = found.get(key)
            found[key] = made if known is None else replace(known, times=known.times + made.times)
    return tuple(sorted(found.values(), key=lambda each: (-each.times, each.source, each.what, each.roles)))


async def _of(policies: PolicySet, asked: Asked, caller: Principal, now: datetime) -> tuple[Suggestion, ...]:
    reviewed = await explain_as(policies, caller, asked.source, asked.sql, now)
    if reviewed.code == PERMIT:
        return ()
    allow = BY_CODE.get(reviewed.code, NO_RULE)
    named = _named(policies, asked, caller, now) or (
        Cause(what="", why=f"refused with {reviewed.code}", allow=allow),
    )
    source = policies.source(asked.source)
    return tuple(
        Suggestion(
            roles=asked.roles,
            source=source.name if source is not None else "",
            code=reviewed.code,
            what=cause.what,
            why=cause.why,
            rule=cause.rule_id,
            place=cause.place,
            allow=cause.allow,
            times=asked.times,
            receipt=asked.receipt,
        )
        for cause in named
    )


def _named(policies: PolicySet, asked: Asked, caller: Principal, now: datetime) -> tuple[Cause, ...]:
    source = policies.source(asked.source)
    if source is None:
        return ()
    return named_causes(offline_gateway(policies, now).view(), caller, source, asked.sql)
