"""Rules that end by themselves: which begin, which are gone, for whom, and whether they last longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lucky_mcp.gateway.review.changes import AS, Change, Effect
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.policy_set import PolicySet, Timed

# Nothing has ended then: what a rule gives is compared whether or not it is over by now.
BEFORE_ALL_ENDS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """A rule with the tables it is for, as `source schema.table`."""

    timed: Timed
    tables: tuple[str, ...]


def people_named(*sets: PolicySet) -> tuple[str, ...]:
    """Return the subjects that rules of these policies name, in order."""
    return tuple(sorted({name for policies in sets for each in policies.timed for name in each.principals}))


def callers_named(*sets: PolicySet) -> Iterator[tuple[str, Principal]]:
    """Yield each person that a rule names in each role of people, and how the caller is written."""
    roles = dict.fromkeys(name for each in sets for name in each.roles if not name.startswith("system:"))
    for subject in people_named(*sets):
        for role in roles:
            yield f"{subject}{AS}{role}", Principal(subject=subject, roles=(role,))


def timed_changes(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    """Yield what changes of the rules themselves; what they show is compared table by table."""
    before, after = _placed(old), _placed(new)
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is None and now is not None:
            yield _change(Effect.WIDENS, now, f"in force until {now.timed.until}", _who(now.timed))
        elif was is not None and now is None:
            yield _change(Effect.NARROWS, was, "gone", _who(was.timed))
        elif was is not None and now is not None:
            yield from _kept(was, now)


def _kept(was: _Placed, now: _Placed) -> Iterator[Change]:
    if was.timed.ends != now.timed.ends:
        effect = Effect.WIDENS if now.timed.ends > was.timed.ends else Effect.NARROWS
        what = f"until {was.timed.until} -> until {now.timed.until}"
        yield _change(effect, now, what, _who(now.timed))
    had, has = set(_who(was.timed)), set(_who(now.timed))
    for effect, who in ((Effect.WIDENS, has - had), (Effect.NARROWS, had - has)):
        if who:
            word = "also" if effect is Effect.WIDENS else "no longer"
            yield _change(effect, now, f"{word} for {', '.join(sorted(who))}", ())
    for effect, tables in (
        (Effect.WIDENS, set(now.tables) - set(was.tables)),
        (Effect.NARROWS, set(was.tables) - set(now.tables)),
    ):
        if tables:
            word = "also" if effect is Effect.WIDENS else "no longer"
            yield _change(effect, now, f"{word} of {', '.join(sorted(tables))}", ())


def _placed(policies: PolicySet) -> Mapping[str, _Placed]:
    tables: dict[Timed, list[str]] = {}
    for source in sorted(policies.tables):
        for name, policy in sorted(policies.tables[source].items()):
            for timed in policy.timed:
                tables.setdefault(timed, []).append(f"{source} {name}")
    return {timed.rule.id: _Placed(timed=timed, tables=tuple(found)) for timed, found in tables.items()}


def _who(timed: Timed) -> tuple[str, ...]:
    return tuple(sorted({*timed.principals, *timed.roles}))


def _change(effect: Effect, placed: _Placed, what: str, callers: tuple[str, ...]) -> Change:
    subject = f"{placed.timed.rule.id} of {', '.join(placed.tables)}"
    return Change(effect=effect, rule=placed.timed.rule.id, subject=subject, what=what, callers=callers)
