"""The corpora of honest questions: files of SQL, each asked through the guard and of the plain engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

FOLDER = Path(__file__).resolve().parent.parent / "corpora"
KEYS = ("corpus", "dialect", "role", "source", "origin", "licence")
_KEY = re.compile(rf"-- ({'|'.join(KEYS)}): (.+)")
# Two questions with one shape differ in literals alone.
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One query of a corpus: `place` is `file:line` of its title."""

    place: str
    corpus: str
    dialect: str
    role: str
    source: str
    title: str
    sql: str

    @property
    def shape(self) -> str:
        """The query without its literals and blanks, for counting different ones."""
        return " ".join(_LITERAL.sub("?", self.sql).lower().split())


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A question that is refused though its dialect's server answers it: with which code, and why.

    `where` is "everywhere", or "embedded" when the engine behind the demo alone has no equal.
    """

    corpus: str
    title: str
    code: str
    where: str
    why: str


def questions() -> list[Question]:
    """Return every question of every corpus, in the order of the files."""
    return [each for path in sorted(FOLDER.rglob("*.sql")) for each in _read(path)]


def refusals() -> list[Refusal]:
    """Return the refusals that are known."""
    tree = YAML(typ="safe").load((FOLDER / "refusals.yaml").read_text(encoding="utf-8"))
    return [Refusal(**entry) for entry in tree["refusals"] or ()]


def lacking(server: str) -> set[tuple[str, str]]:
    """Return corpus and title of the questions that a server has no words for, guarded or plain."""
    tree = YAML(typ="safe").load((FOLDER / "refusals.yaml").read_text(encoding="utf-8"))
    return {(entry["corpus"], entry["title"]) for entry in tree.get(f"{server}_lacks", ())}


def origins() -> Mapping[str, tuple[str, str]]:
    """Return (origin, licence) of each corpus."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(FOLDER.rglob("*.sql")):
        head = dict(_KEY.findall(path.read_text(encoding="utf-8")))
        found[head["corpus"]] = (head["origin"], head["licence"])
    return found


def _read(path: Path) -> Iterator[Question]:
    """A comment alone on its line is a key or a title; a query ends with a semicolon at the end of a line."""
    said: dict[str, str] = {}
    title, start, lines = "", 0, list[str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        key = _KEY.fullmatch(line)
        if key and not lines:
            said[key[1]] = key[2]
        elif line.startswith("-- ") and not lines:
            assert not title, f"{path}:{number}: the title before has no query"
            title, start = line[3:], number
        elif line.strip():
            lines.append(line)
            if line.endswith(";"):
                place = f"{path.relative_to(FOLDER)}:{start}"
                assert title, f"{path}:{number}: a query without a title"
                yield Question(
                    place=place,
                    title=title,
                    sql="\n".join(lines).removesuffix(";"),
                    corpus=said["corpus"],
                    dialect=said["dialect"],
                    role=said["role"],
                    source=said["source"],
                )
                title, lines = "", []
    assert not lines and not title, f"{path}: the last query has no semicolon"
