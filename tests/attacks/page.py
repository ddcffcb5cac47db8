"""The table of `docs/assurance.md` that counts techniques by class and engine; run as a module, it is written anew."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.attacks.techniques import EMBEDDED, ON_SERVERS, Technique, techniques

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "assurance.md"
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
    head = ("class", "techniques", *(TITLES.get(each, each) for each in ENGINES), "work without a guard")
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_TABLE.sub(lambda _: written(counted(techniques())) + "\n", text), encoding="utf-8")
