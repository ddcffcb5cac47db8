"""Coverage, suggestions and replayed questions, for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from lucky_mcp.gateway.review.coverage import By, Coverage
from lucky_mcp.gateway.review.replay import Replayed, Turn
from lucky_mcp.gateway.review.suggestions import Suggestion


def coverage_text(found: Coverage) -> str:
    """Return what no test exercises, table by table and rule by rule, and last how much is exercised."""
    lines = ["not exercised by any test (* asked for of late):"]
    for table in found.tables:
        missing = [
            f"{name}*" if By.AUDIT in by else name for name, by in table.columns.items() if By.TESTS not in by
        ]
        if missing:
            what = "the whole table" if len(missing) == len(table.columns) else ", ".join(missing)
            star = "*" if what == "the whole table" and any(each.endswith("*") for each in missing) else ""
            lines.append(f"  {table.source} {table.table}: {what}{star}")
    for rule in found.rules:
        if By.TESTS not in rule.by:
            lines.append(f"  rule {rule.id}{'*' if By.AUDIT in rule.by else ''} ({rule.place})")
    for by in By:
        columns = [each for table in found.tables for each in table.columns.values()]
        tables = sum(any(by in each for each in table.columns.values()) for table in found.tables)
        lines.append(
            f"{by}: {found.questions[by]} questions exercise {tables} of {len(found.tables)} tables,"
            f" {sum(by in each for each in columns)} of {len(columns)} columns,"
            f" {sum(by in rule.by for rule in found.rules)} of {len(found.rules)} rules"
        )
    return "\n".join(lines)


def coverage_document(found: Coverage) -> str:
    """Return `{"tables": [{"source", "table", "columns": {name: [by]}}], "rules": […], "questions": {…}}`."""
    return _json(
        {
            "tables": [
                {
                    "source": table.source,
                    "table": table.table,
                    "columns": {name: sorted(by) for name, by in table.columns.items()},
                }
                for table in found.tables
            ],
            "rules": [{"id": rule.id, "place": rule.place, "by": sorted(rule.by)} for rule in found.rules],
            "questions": dict(found.questions),
        }
    )


def suggestions_text(found: Sequence[Suggestion]) -> str:
    """Return three lines for each: how often and for whom, why, and what would allow it."""
    lines = []
    for each in found:
        rule = f" ({each.rule}, {each.place})" if each.rule else ""
        of = f" {each.what}" if each.what else ""
        lines.append(
            f"{each.times}× {', '.join(each.roles)} · {each.source or 'unknown source'}{of} · {each.code}"
        )
        lines.append(f"    because: {each.why}{rule}")
        lines.append(f"    to allow: {each.allow or NO_RULE} · last {each.receipt}")
    return "\n".join(lines or ["nothing was refused that the policies do not allow by now"])


def suggestions_document(found: Sequence[Suggestion]) -> str:
    """Return `{"suggestions": [{"roles", "source", "code", "what", "why", "rule", "place", "allow", …}]}`."""
    return _json({"suggestions": [asdict(each) for each in found]})


def replayed_text(found: Sequence[Replayed], asked: int) -> str:
    """Return the questions that fare otherwise, by what becomes of them."""
    lines = [f"asked again: {asked} questions, {len(found)} fare otherwise"]
    for turn in Turn:
        of_turn = [each for each in found if each.turn is turn]
        lines += [f"{turn}:"] if of_turn else []
        lines += [
            f"  {each.times}× {', '.join(each.roles)} · {each.source} · {each.what} · {each.receipt}"
            for each in of_turn
        ]
    return "\n".join(lines)


NO_RULE = "no rule alone would"


def _json(document: object) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False)
