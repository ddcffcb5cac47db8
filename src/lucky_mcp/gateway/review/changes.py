"""One difference between two policy sets, and how differences of many callers are told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PAIR = " + "
AS = " as "


class Effect(StrEnum):
    """What a change does to what callers see; whatever is not known to narrow counts as widening."""

    WIDENS = "widens"
    NARROWS = "narrows"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: by which rule, of what (`schema.table.column`, a role, a source …), from what to what.

    `callers` are whom it holds for, as text (`analyst`, `analyst + dba`, `ann as analyst`); empty for
    everybody.
    """

    effect: Effect
    rule: str
    subject: str
    what: str
    callers: tuple[str, ...] = ()


def told_once(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Put equal changes of several callers into one; leave out pairs of which one role alone sees the same,
    and named people of whose role everybody does.

    Widening comes first; within an effect the order is by rule and subject.
    """
    callers: dict[tuple[Effect, str, str, str], list[str]] = {}
    alone: dict[tuple[Effect, str, str], set[str]] = {}
    for change in changes:
        key = (change.effect, change.rule, change.subject, change.what)
        callers.setdefault(key, []).extend(change.callers)
        one = {each for each in change.callers if _roles(each) == (each,)}
        alone.setdefault((change.effect, change.subject, change.what), set()).update(one)
    told = []
    for (effect, rule, subject, what), found in callers.items():
        known = alone[effect, subject, what]
        each_once = dict.fromkeys(found)
        kept = tuple(each for each in each_once if _roles(each) == (each,) or known.isdisjoint(_roles(each)))
        if kept or not found:
            told.append(Change(effect=effect, rule=rule, subject=subject, what=what, callers=kept))
    return tuple(
        sorted(told, key=lambda each: (each.effect is not Effect.WIDENS, each.rule, each.subject, each.what))
    )


def _roles(caller: str) -> tuple[str, ...]:
    """Return the roles of a caller as it is written; a role alone is itself."""
    return (caller.rpartition(AS)[2],) if AS in caller else tuple(caller.split(PAIR))
