"""What was asked, asked again under two policy sets: refused now, answered now, or answered otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lucky_mcp.audit.read_log import Asked, as_one
from lucky_mcp.gateway.review.explain import explain_as
from lucky_mcp.gateway.review.stand_ins import attribute_stand_ins
from lucky_mcp.gateway.review.timed_diff import people_named
from lucky_mcp.policy.policy_set import PolicySet

PERMIT = "permit"


class Turn(StrEnum):
    """What becomes of a question; the order is that of the report."""

    ALLOWED = "answered now"
    OTHERWISE = "answered otherwise"
    DENIED = "refused now"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One question that fares otherwise: the rules that come and go, and the code that it is refused with.

    It does not hold the text, which may have values in it; `receipt` finds that in the log.
    """

    turn: Turn
    roles: tuple[str, ...]
    source: str
    times: int
    receipt: str
    what: str


async def replay(
    old: PolicySet, new: PolicySet, asked: Iterable[Asked], now: datetime
) -> tuple[tuple[Replayed, ...], int]:
    """Return the questions that fare otherwise, and how many were asked again; no database is opened."""
    found: list[Replayed] = []
    done: set[Hashable] = set()
    attributes = {**attribute_stand_ins(old), **attribute_stand_ins(new)}
    for each in as_one(asked, people_named(old, new)):
        key = (each.person, each.roles, each.app_roles, each.source, each.sql)
        if key in done:
            continue
        done.add(key)
        caller = each.caller(each.person, attributes)
        before = await explain_as(old, caller, each.source, each.sql, now)
        after = await explain_as(new, caller, each.source, each.sql, now)
        if before.code == after.code != PERMIT or before.sql_runs == after.sql_runs != "":
            continue
        if after.code != PERMIT:
            turn, what = Turn.DENIED, f"{after.code}, was {before.code}"
        elif before.code != PERMIT:
            turn, what = Turn.ALLOWED, f"was {before.code}"
        else:
            turn, what = Turn.OTHERWISE, _rules(before.rules, after.rules)
        found.append(
            Replayed(
                turn=turn,
                roles=each.roles,
                source=each.source,
                times=each.times,
                receipt=each.receipt,
                what=what,
            )
        )
    order = list(Turn)
    return tuple(sorted(found, key=lambda each: (order.index(each.turn), -each.times, each.receipt))), len(
        done
    )


def _rules(before: frozenset[str], after: frozenset[str]) -> str:
    """Return which rules apply no longer and which do now; the same ones may say something else."""
    gone, came = sorted(before - after), sorted(after - before)
    parts = [f"without {', '.join(gone)}"] if gone else []
    parts += [f"with {', '.join(came)}"] if came else []
    return "; ".join(parts) or "by the same rules, which say something else"
