"""What `docs/assurance.md` counts of the attacks: techniques by class and engine, and what the last whole run asked.

Run as a module, the first of these is written anew; the second is written by `make attacks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from tests.attacks.progress import PLAIN, ROOT, Part
from tests.attacks.techniques import EMBEDDED, ON_SERVERS, Technique, techniques

PAGE = ROOT / "docs" / "assurance.md"
ENGINES = (*EMBEDDED, *ON_SERVERS)
TITLES = {
    "mariadb": "MariaDB",
    "mysql-server": "MySQL 9",
    "postgresql": "PostgreSQL",
    "redshift-wire": "Redshift wire",
    "lake-s3": "lake in S3",
    "redis": "Redis",
}
_TABLE = re.compile(r"\| class \| techniques \|.*?\n\n", re.DOTALL)
_RECORD = re.compile(r"The last whole run: .*?\n\n\| engine \| techniques \|.*?\n\n", re.DOTALL)


def counted(asked: Iterable[Technique]) -> list[tuple[str, ...]]:
    """Return a row for each class, and one for all: techniques, those on each engine, those that work unguarded."""
    found = list(asked)
    kinds = sorted({each.kind for each in found})
    rows = [_row(kind, [each for each in found if each.kind == kind]) for kind in kinds]
    return [*rows, _row("all", found)]


def _row(title: str, found: list[Technique]) -> tuple[str, ...]:
    on = [sum(each.on(engine) for each in found) for engine in ENGINES]
    works = sum(not each.unguarded for each in found)
    return (title, *(str(number) for number in (len(found), *on, works)))


def written(rows: list[tuple[str, ...]]) -> str:
    """Return the rows as a table."""
    return _as_table(
        ("class", "techniques", *(TITLES.get(each, each) for each in ENGINES), "work without a guard"), rows
    )


def record(parts: Sequence[Part], mutated: float, otherwise: int = 0) -> str:
    """Return what a run asked and found: when, at which commits, and a row for each engine with its guard.

    `otherwise` counts the techniques that do otherwise without a guard than their files say.
    """
    plain = [part for part in parts if part.name.startswith(PLAIN)]
    guarded = [part for part in parts if part not in plain]
    head = ("engine", "techniques", "mutations", "calls", "answered", "refused", "findings", "minutes")
    works = {title for part in plain for title, way in part.done.items() if way}
    tried = {title for part in plain for title in part.done}
    lines = [
        f"The last whole run: {_each(part.days for part in parts)}, at {_each(part.commits for part in parts)}; "
        f"{mutated:.0%} of the mutations;",
        f"{sum(part.seconds for part in parts) / 60:.0f} minutes of work, {len(tried)} techniques without a guard as well, "
        f"of which {len(works)} work there, {otherwise} otherwise than their files say.",
    ]
    return "\n".join(lines) + "\n\n" + _as_table(head, [*map(_asked, guarded), _asked(_together(guarded))])


def write_record(parts: Sequence[Part], mutated: float) -> None:
    """Put the record of a whole run in the place of the last one's."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_RECORD.sub(lambda _: record(parts, mutated) + "\n", text), encoding="utf-8")


def _each(kept: Iterable[list[str]]) -> str:
    return ", ".join(dict.fromkeys(chain.from_iterable(kept)))


def _together(parts: Sequence[Part]) -> Part:
    made = Part(name="all", digest="", texts=0)
    for part in parts:
        made.techniques += part.techniques
        made.mutations += part.mutations
        made.calls += part.calls
        made.refused += part.refused
        made.seconds += part.seconds
        made.findings += part.findings
    return made


def _asked(part: Part) -> tuple[str, ...]:
    asked = part.techniques + part.mutations
    title = TITLES.get(part.name, part.name)
    if part.missing:
        return (f"{title}, not tried", *["-"] * 7)
    numbers = (part.techniques, part.mutations, part.calls, asked - part.refused)
    refused = f"{part.refused:,} ({part.refused / max(asked, 1):.0%})"
    return (
        title,
        *(f"{n:,}" for n in numbers),
        refused,
        str(len(part.findings)),
        f"{part.seconds / 60:.0f}",
    )


def _as_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_TABLE.sub(lambda _: written(counted(techniques())) + "\n", text), encoding="utf-8")
