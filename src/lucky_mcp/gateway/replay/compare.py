"""Recordings against the policies as they are: each difference, with the line of the file it belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.replay.asking import Answer, Asking
from lucky_mcp.gateway.replay.recordings import PERMIT, Malformed, RecordedLine, Recording
from lucky_mcp.model.request import SqlRead

Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A recording that fares otherwise, or a line that is none; each text is one thing that differs."""

    place: str
    id: str
    what: tuple[str, ...]
    is_malformed: bool = False


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How many recordings were asked, how many of them had their rows compared, and what differs."""

    asked: int
    rows_compared: int
    rows_recorded: int
    differences: tuple[Difference, ...]


async def compare(
    lines: Iterable[Recording | Malformed],
    asking: Asking,
    progress: Progress,
    reads: Gateway | None = None,
) -> Compared:
    """Ask every recording; rows are compared only where `reads`, a gateway with its sources, is given."""
    differences: list[Difference] = []
    asked = rows_compared = rows_recorded = 0
    for each in lines:
        if isinstance(each, Malformed):
            differences.append(Difference(place=each.place, id="", what=(each.why,), is_malformed=True))
            continue
        asked += 1
        line = each.line
        found = list(
            _differences(line, await asking.ask(line.caller, line.source, line.sql, line.at), asking)
        )
        rows_recorded += line.rows is not None
        if line.rows is not None and reads is not None and not found:
            rows_compared += 1
            found += await _rows_differences(line, line.rows, reads)
        if found:
            differences.append(Difference(place=each.place, id=line.id, what=tuple(found)))
        progress(asked)
    return Compared(
        asked=asked,
        rows_compared=rows_compared,
        rows_recorded=rows_recorded,
        differences=tuple(differences),
    )


def _differences(line: RecordedLine, answer: Answer, asking: Asking) -> Iterator[str]:
    yield from (f"there is no role {role!r}" for role in line.roles if role not in asking.policies.roles)
    if answer.verdict != line.verdict:
        told = f": {answer.what}" if answer.what else ""
        yield f"expected {line.verdict}, got {answer.verdict}{told}"
        return
    if line.verdict != PERMIT:
        return
    if line.filters is not None and set(line.filters) != set(answer.filters):
        yield f"expected the filters {_listed(line.filters)}, got {_listed(answer.filters)}"
    if line.masks is not None:
        missing = [each for each in line.masks if not any(_is_tail(each, mask) for mask in answer.masks)]
        others = [mask for mask in answer.masks if not any(_is_tail(each, mask) for each in line.masks)]
        if missing or others:
            yield f"expected the masks {_listed(line.masks)}, got {_listed(answer.masks)}"


def _is_tail(written: str, whole: str) -> bool:
    return whole == written or whole.endswith(f".{written}")


async def _rows_differences(
    line: RecordedLine, rows: Sequence[Sequence[object]], reads: Gateway
) -> list[str]:
    try:
        result = await reads.read(line.caller, SqlRead(source=line.source, sql=line.sql))
    except ReadError as refusal:
        return [f"expected {len(rows)} rows, got {refusal.code}: {refusal.what}"]
    expected, got = Counter(map(_row, rows)), Counter(map(_row, result.rows))
    if expected == got:
        return []
    missing, more = expected - got, got - expected
    return [
        f"expected {len(rows)} rows, got {len(result.rows)};"
        f" {missing.total()} are missing and {more.total()} are others"
    ]


def _row(cells: Sequence[object]) -> tuple[str | None, ...]:
    return tuple(map(_cell, cells))


def _cell(cell: object) -> str | None:
    """Return a value as text: numbers by their value to nine digits, whatever type they come in."""
    if cell is None or isinstance(cell, bool):
        return None if cell is None else str(cell).lower()
    text = str(cell)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return f"{number:.9g}" if number.is_finite() else text


def _listed(texts: Iterable[str]) -> str:
    found = sorted(texts)
    return ", ".join(found) if found else "none"
