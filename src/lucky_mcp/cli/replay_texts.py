"""What `replay` prints: differences with their lines, or the report on a cut-over; as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from lucky_mcp.gateway.replay.compare import Compared
from lucky_mcp.gateway.replay.cutover import Cutover, Refused
from lucky_mcp.gateway.replay.gathered import LeftOut

LISTED_MAX = 20
SQL_MAX = 300


def compared_text(found: Compared) -> str:
    """Return one paragraph for each difference, and last how many there were."""
    lines: list[str] = []
    for each in found.differences:
        name = f" {each.id}" if each.id else ""
        head = f"{each.place}: not a recording" if each.is_malformed else f"{each.place}:{name} differs"
        lines += [head, *(f"    {what}" for what in each.what)]
    malformed = sum(each.is_malformed for each in found.differences)
    differ = len(found.differences) - malformed
    told = f"{found.asked} recordings, {found.asked - differ} as expected, {differ} otherwise"
    told += f", {malformed} malformed lines" if malformed else ""
    if found.rows_recorded:
        told += f"; rows compared for {found.rows_compared} of {found.rows_recorded} that have rows"
    return "\n".join([*lines, told])


def compared_document(found: Compared) -> str:
    """Return `{"asked", "rows_compared", "rows_recorded", "differences": [{"place", "id", "what", …}]}`."""
    return _json(asdict(found))


def cutover_text(found: Cutover, left_out: Mapping[LeftOut, int]) -> str:
    """Return the report: totals, reasons with their fixes, the refused shapes, tables, filters and masks."""
    lines = [f"{found.statements} statements, {found.distinct} different ones"]
    lines += [f"  {_share(times, found.statements)} {what}" for what, times in found.verdicts.items()]
    lines += [f"  {found.otherwise} ended otherwise in the log"] if found.otherwise else []
    lines += ["left out:", *_counts(left_out)] if left_out else []
    if found.reasons:
        lines.append("refused, by reason:")
        for reason in found.reasons[:LISTED_MAX]:
            lines.append(f"  {reason.times}× {reason.code} · {reason.what}")
            lines += [f"      fix: {reason.fix}"] if reason.fix else []
        lines.append("refused most:")
        for refused in found.refused[:LISTED_MAX]:
            lines += _refused_lines(refused)
    if found.tables:
        lines.append("by table, answered and refused:")
        lines += [
            f"  {each.answered} and {each.refused} · {each.source} {each.table}"
            for each in found.tables[:LISTED_MAX]
        ]
    lines += ["rows would be filtered by:", *_counts(found.filters)] if found.filters else []
    lines += ["columns would be masked:", *_counts(found.masks)] if found.masks else []
    return "\n".join(lines)


def cutover_document(found: Cutover, left_out: Mapping[LeftOut, int]) -> str:
    """Return the whole report; `left_out` maps the names of reasons to counts of statements."""
    return _json({**asdict(found), "left_out": {each.name.lower(): n for each, n in left_out.items()}})


def _refused_lines(refused: Refused) -> Iterator[str]:
    yield f"  {refused.times}× {', '.join(refused.roles)} · {refused.source} · {refused.code}"
    yield f"      {refused.sql[:SQL_MAX]}"
    if refused.instead:
        yield f"      this runs instead: {refused.instead[:SQL_MAX]}"


def _counts(counts: Mapping[LeftOut, int] | Mapping[str, int]) -> Iterator[str]:
    for name, times in list(counts.items())[:LISTED_MAX]:
        yield f"  {times}× {name}"


def _share(times: int, whole: int) -> str:
    return f"{times} ({100 * times / whole:.1f} %)" if whole else "0"


def _json(document: object) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False)
