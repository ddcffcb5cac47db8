"""Explanations, test outcomes and differences, for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict

from lucky_mcp.gateway.review.changes import Change, Effect
from lucky_mcp.gateway.review.explain import Reviewed
from lucky_mcp.gateway.review.replay import Replayed
from lucky_mcp.gateway.review.run_expectations import Outcome


def explanation_text(reviewed: Reviewed) -> str:
    """Return the verdict, the SQL as it would run, and every rule with its place."""
    if reviewed.code == "permit":
        lines = ["permitted; it would run as:", f"  {reviewed.sql_runs}", "", "rules applied:"]
        lines += [
            f"  {rule.table}: {rule.effect} ({_named(rule.rule_id, rule.place)}): {rule.why}"
            for rule in reviewed.applied
        ] or ["  none"]
    else:
        lines = ["refused; an agent is told:", *(f"  {line}" for line in reviewed.told.splitlines())]
    if reviewed.hidden:
        lines += ["", "hidden, which an agent is not told:"]
        lines += [
            f"  {cause.what}: {cause.why}"
            + (f" ({_named(cause.rule_id, cause.place)})" if cause.rule_id else "")
            for cause in reviewed.hidden
        ]
    lines += [f"note: {note}" for note in reviewed.notes]
    return "\n".join(lines)


def explanation_document(reviewed: Reviewed) -> str:
    """Return `{"verdict", "told", "sql", "applied", "hidden", "columns", "notes"}`."""
    return _json(
        {
            "verdict": reviewed.code,
            "told": reviewed.told,
            "sql": reviewed.sql_runs,
            "applied": [asdict(rule) for rule in reviewed.applied],
            "hidden": [asdict(cause) for cause in reviewed.hidden],
            "columns": dict(reviewed.columns),
            "notes": list(reviewed.notes),
        }
    )


def outcomes_text(outcomes: Sequence[Outcome]) -> str:
    """Return the failed questions with what differs, and a last line that counts."""
    failed = [outcome for outcome in outcomes if outcome.differences]
    lines = []
    for outcome in failed:
        lines += [f"{outcome.place}: {outcome.name}", *(f"    {text}" for text in outcome.differences)]
    return "\n".join([*lines, f"{len(outcomes) - len(failed)} passed, {len(failed)} failed"])


def outcomes_document(outcomes: Sequence[Outcome]) -> str:
    """Return `{"tests": [{"place", "name", "passed", "differences", "rows_left"}], "failed": n}`."""
    tests = [
        {
            "place": outcome.place,
            "name": outcome.name,
            "passed": not outcome.differences,
            "differences": list(outcome.differences),
            "rows_left": outcome.rows_left,
        }
        for outcome in outcomes
    ]
    return _json({"tests": tests, "failed": sum(not test["passed"] for test in tests)})


def changes_text(changes: Sequence[Change], accepted: Collection[str]) -> str:
    """Return what widens, then what narrows, and which rules are still to be accepted."""
    lines = []
    for effect in Effect:
        found = [change for change in changes if change.effect is effect]
        lines += [f"{effect}:"] if found else []
        for change in found:
            for_whom = f" for {', '.join(change.callers)}" if change.callers else ""
            known = ", accepted" if effect is Effect.WIDENS and change.rule in accepted else ""
            lines.append(f"  {change.subject}: {change.what}{for_whom} ({change.rule}{known})")
    left = to_accept(changes, accepted)
    if left:
        options = " ".join(f"--accept-widening {rule}" for rule in left)
        lines.append(f"access widens by {len(left)} rule{'s' if len(left) > 1 else ''}; to accept: {options}")
    return "\n".join(lines or ["nobody sees more or less than before"])


def changes_document(
    changes: Sequence[Change],
    accepted: Collection[str],
    replayed: tuple[Sequence[Replayed], int] | None = None,
) -> str:
    """Return `{"changes": [{"effect", "rule", "subject", "what", "callers"}], "to_accept": [rule, …]}`.

    With questions asked again also `"replayed": {"asked": n, "changed": [{"turn", "roles", …}]}`.
    """
    document: dict[str, object] = {
        "changes": [asdict(change) for change in changes],
        "to_accept": list(to_accept(changes, accepted)),
    }
    if replayed is not None:
        changed, asked = replayed
        document["replayed"] = {"asked": asked, "changed": [asdict(each) for each in changed]}
    return _json(document)


def to_accept(changes: Sequence[Change], accepted: Collection[str]) -> tuple[str, ...]:
    """Return the rules that widen access and were not accepted by name."""
    widening = (change.rule for change in changes if change.effect is Effect.WIDENS)
    return tuple(dict.fromkeys(rule for rule in widening if rule not in accepted))


def _named(rule: str, place: str) -> str:
    return f"{rule}, {place}" if place else rule


def _json(document: object) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False)
