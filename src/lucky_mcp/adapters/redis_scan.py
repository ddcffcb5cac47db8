"""A look over the keys of a cluster: which there are, as their caller sees them, how long, and how large.

Names come without a pattern of the caller's, which is held against them only as they are shown. The look ends
with its budget; what it has not come to by then is said to be missing, and not how much that is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.adapters.fetch import fetch_bounded
from lucky_mcp.adapters.redis_health import hit_rate
from lucky_mcp.adapters.redis_line import Command, Reply
from lucky_mcp.adapters.redis_measures import GONE, NO_TTL, size_class, size_of, ttl_class
from lucky_mcp.adapters.redis_rows import Rows
from lucky_mcp.decision.keys import KeyDecision, decided_key
from lucky_mcp.enforcement.guarded import GuardedKeys
from lucky_mcp.enforcement.key_globs import glob
from lucky_mcp.model.result import Summary

PAGE = 1_000
PAGES_MAX = 30
MEASURED_MAX = 1_000
BATCH = 200
COLUMNS = ("key", "type", "ttl", "size", "keys")
SUMMARY_COLUMNS = ("pattern", "keys", "without_ttl", "size_of_most", "measured")
NOT_ALL = "SAMPLE: there are more keys than one look comes to; read a key by its name instead"

Ask = Callable[[Sequence[Command]], list[Reply]]


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """What is told of one key."""

    decision: KeyDecision
    type: str
    lifetime: int
    size: str

    @property
    def row(self) -> tuple[str, ...]:
        return (self.decision.name, self.type, ttl_class(self.lifetime), self.size)


def scan(read: GuardedKeys, ask: Ask, token_key: str, left: Callable[[], float]) -> EngineRows:
    """Return the keys that the caller sees under names that match, alike ones together, and a summary."""
    found, is_whole = _named(read, ask, token_key, left)
    order = sorted(found, key=lambda name: (found[name].name, name))
    measured, tried = _measured(ask, _some(order, read.rows_max), found, left)
    # What is gone, or of a type that no rule has, is no key for the caller.
    kept = {name: each for name, each in found.items() if name in measured or name not in tried}
    counted = Counter(each.row for each in measured.values())
    rows = ((*row, count) for row, count in sorted(counted.items()))
    fetched = fetch_bounded(
        Rows(rows),
        rows_max=read.rows_max,
        bytes_max=read.bound.bytes_max,
        cell_chars_max=read.bound.cell_chars_max,
    )
    notes = [] if is_whole else [NOT_ALL]
    if len(measured) < len(kept):
        notes.append(f"{len(measured):,} of {len(kept):,} keys were measured")
    if read.rights.reads_system:
        notes.append(f"hit rate {hit_rate(ask)}")
    return EngineRows(
        columns=COLUMNS,
        rows=fetched.rows,
        bytes=fetched.bytes,
        bytes_met=fetched.bytes_met,
        cells_cut=fetched.cells_cut,
        notes=tuple(notes),
        summary=_summary(kept, list(measured.values())),
    )


def _named(
    read: GuardedKeys, ask: Ask, token_key: str, left: Callable[[], float]
) -> tuple[dict[str, KeyDecision], bool]:
    """Return what is seen of each key whose shown name matches, and whether all keys were come to."""
    found: dict[str, KeyDecision] = {}
    matches, begun, cursor = glob(read.pattern), left(), b"0"
    for _ in range(PAGES_MAX):
        (answer,) = ask([("SCAN", cursor, "COUNT", PAGE)])
        if not isinstance(answer, list) or len(answer) != 2 or not isinstance(answer[1], list):
            return found, False
        for raw in answer[1]:
            name = _name(raw)
            decision = decided_key(read.rights, name, token_key) if name else None
            if decision is not None and matches(decision.name):
                found[name] = decision
        cursor = answer[0] if isinstance(answer[0], bytes) else str(answer[0]).encode()
        if cursor == b"0":
            return found, True
        if left() < begun / 2:
            return found, False
    return found, False


def _name(raw: Reply) -> str:
    """Names that are no text are of no rule."""
    try:
        return raw.decode("utf-8") if isinstance(raw, bytes) else ""
    except UnicodeDecodeError:
        return ""


def _some(order: list[str], rows_max: int) -> list[str]:
    """Return the keys that are measured: those listed first, and of the others some from everywhere."""
    first, rest = order[: rows_max + 1][:MEASURED_MAX], order[rows_max + 1 :]
    places = MEASURED_MAX - len(first)
    if len(rest) > places:
        rest = [rest[number * len(rest) // places] for number in range(places)] if places > 0 else []
    return [*first, *rest]


def _measured(
    ask: Ask, names: list[str], found: dict[str, KeyDecision], left: Callable[[], float]
) -> tuple[dict[str, _Measured], set[str]]:
    """Return what is told of keys, and which were tried; those gone or of another type are not told."""
    told: dict[str, _Measured] = {}
    tried: set[str] = set()
    begun = left()
    for at in range(0, len(names), BATCH):
        batch = names[at : at + BATCH]
        tried.update(batch)
        answers = ask([each for name in batch for each in (("TYPE", name), ("PTTL", name), size_of(name))])
        for number, name in enumerate(batch):
            kind, lifetime, size = answers[3 * number : 3 * number + 3]
            type_ = kind.decode("ascii", "replace") if isinstance(kind, bytes) else ""
            if type_ in found[name].types and isinstance(lifetime, int) and lifetime != GONE:
                told[name] = _Measured(
                    decision=found[name], type=type_, lifetime=lifetime, size=size_class(size)
                )
        if left() < begun / 4:
            break
    return told, tried


def _summary(found: dict[str, KeyDecision], measured: list[_Measured]) -> Summary:
    """Return a row for each form of names, those with most keys first."""
    counts = Counter(each.form for each in found.values())
    return Summary(
        title="by pattern",
        columns=SUMMARY_COLUMNS,
        rows=tuple(
            _form_row(form, counts[form], [each for each in measured if each.decision.form == form])
            for form in sorted(counts, key=lambda each: (-counts[each], each))
        ),
    )


def _form_row(form: str, count: int, known: list[_Measured]) -> tuple[object, ...]:
    lasting = sum(each.lifetime == NO_TTL for each in known)
    sizes = Counter(each.size for each in known)
    most = max(sizes, key=lambda size: (sizes[size], size)) if sizes else ""
    return (form, count, f"{100 * lasting / len(known):.0f} %" if known else "", most, len(known))
