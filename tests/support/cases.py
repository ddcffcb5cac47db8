"""Reads the case files: strictly, so that a misspelt key or an empty file can never pass as a test.

A file holds `source`, `role` (what its cases mean unless they say otherwise) and `cases`, a list. With
`dialect` its cases ask a copy of the demo whose sources all speak that dialect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from lucky_mcp.policy import scrub

CASES = Path(__file__).resolve().parent.parent / "cases"
FILE_KEYS = {"source", "role", "dialect", "cases"}
LITERAL = re.compile(r"'(?:[^'\\]|''|\\.)*'|\b\d+(?:\.\d+)?\b")
GUARD = re.compile(r"«(\w+)»")
PATTERN = re.compile(r"‹(\w+)›")
QUOTED_FIELD = re.compile(r"[\",\n]")


class CaseFault(ValueError):
    """A case file says something that no test would run; the text names file and line."""


@dataclass(frozen=True, kw_only=True)
class RewriteCase:
    """A query, the guarded text it becomes (`«name»` stands for a guard), and the clean twin's answer.

    `rows` and `columns` are CSV: an empty field is NULL. `twin` asks the twin the same in words that plain
    translation can carry over (a modifier left out). Only a case that waits to be filled in has no `rows`.
    """

    place: str
    title: str
    role: str
    source: str
    sql: str
    dialect: str = ""
    sent: str = ""
    rows: str | None = None
    columns: str = ""
    twin: str = ""


@dataclass(frozen=True, kw_only=True)
class Built:
    """A text too long to write down: `before`, then `times` of `repeat`, then `after`, then as many `close`."""

    before: str = ""
    repeat: str
    times: int
    after: str = ""
    close: str = ""

    def text(self) -> str:
        """Return the whole text."""
        return self.before + self.repeat * self.times + self.after + self.close * self.times


@dataclass(frozen=True, kw_only=True)
class RefusalCase:
    """A query that is refused: its code, what the agent must be told (`text`) and must not (`never`).

    `rewrite`: the refusal hands over a text that runs. `by_engine`: the refusal comes from the engine,
    which sees the guarded text only.
    """

    place: str
    title: str
    role: str
    source: str
    sql: str
    code: str
    dialect: str = ""
    text: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    rewrite: bool = False
    by_engine: bool = False


@dataclass(frozen=True, kw_only=True)
class MaskCase:
    """What a mask shows of one value in a column of one type and tags."""

    place: str
    title: str
    mask: str
    tags: tuple[str, ...]
    value: object
    shown: str | None
    type: str = "VARCHAR"


@dataclass(frozen=True, kw_only=True)
class FaultCase:
    """A fault put into one policy file, and what the refusal must say; `near`: not of the very line."""

    title: str
    file: str
    old: str
    new: str
    said: str
    near: bool = False


def rewrite_cases(folder: Path = CASES / "rewrite", *, unfilled: bool = False) -> list[RewriteCase]:
    """Return the cases below a folder; CaseFault unless each has its expectation (or may be `unfilled`)."""
    found = [RewriteCase(**entry) for entry in _entries(folder, RewriteCase)]
    for case in found:
        if not unfilled and (not case.sent or case.rows is None):
            raise CaseFault(f"{case.place}: {case.title!r} has no expectation: sent and rows are needed")
    return found


def refusal_cases(folder: Path = CASES / "refused") -> list[RefusalCase]:
    """Return the cases below a folder; CaseFault unless each says a code."""
    made = []
    for entry in _entries(folder, RefusalCase):
        if not entry.get("code"):
            raise CaseFault(f"{entry['place']}: {entry['title']!r} has no expectation: code is needed")
        for part in ("text", "never"):
            entry[part] = _phrases(entry.get(part, ()), entry["place"])
        made.append(RefusalCase(**entry))
    return made


def mask_cases(folder: Path = CASES / "masks") -> list[MaskCase]:
    """Return the mask cases below a folder; CaseFault for anything unexpected."""
    made: list[MaskCase] = []
    titles: set[tuple[str, str]] = set()
    for path in _paths(folder):
        for group in _sequence(path):
            _refuse_unknown(group, {"mask", "tags", "cases"}, f"{path.name}:{group.lc.line + 1}")
            for case in group["cases"]:
                place = f"{path.name}:{case.lc.line + 1}"
                _refuse_unknown(case, {"title", "type", "value", "shown"}, place)
                if not {"title", "value", "shown"} <= set(case) or (group["mask"], case["title"]) in titles:
                    raise CaseFault(f"{place}: title (once), value and shown are needed")
                titles.add((group["mask"], case["title"]))
                texts = {part: _built(case[part], place) for part in ("value", "shown")}
                fixed = {"mask": group["mask"], "tags": tuple(group["tags"]), "place": place}
                made.append(MaskCase(**{**dict(case), **texts, **fixed}))
    return made


def fault_cases(path: Path = CASES / "policy" / "faults.yaml") -> list[FaultCase]:
    """Return the faults of policy files; CaseFault for a repeated title or an unknown key."""
    found: dict[str, FaultCase] = {}
    for entry in _yaml(path)["faults"]:
        place = f"{path.name}:{entry.lc.line + 1}"
        _refuse_unknown(entry, {field.name for field in fields(FaultCase)}, place)
        fault = FaultCase(**dict(entry))
        if fault.title in found or fault.old == fault.new:
            raise CaseFault(f"{place}: {fault.title!r} is there already, or changes nothing")
        found[fault.title] = fault
    return list(found.values())


def guards(dialect: str = "") -> Mapping[str, Mapping[str, str]]:
    """Return the guard texts by role and name, in the sources' own dialects or in one for all."""
    tree = _yaml(CASES / "guards" / f"{dialect}.yaml" if dialect else CASES / "guards.yaml")
    return {
        str(role): {str(name): PATTERN.sub(_pattern, str(text)) for name, text in texts.items()}
        for role, texts in tree.items()
    }


def _pattern(match: re.Match[str]) -> str:
    """Return a pattern as it stands in a text of a dialect where the backslash escapes."""
    return str(getattr(scrub, match.group(1))).replace("\\", "\\\\")


def with_guards(sent: str, texts: Mapping[str, str]) -> str:
    """Return the golden text with every `«name»` written out, white space made equal."""
    return one_space(GUARD.sub(lambda match: texts[match.group(1)], sent))


def one_space(text: str) -> str:
    """Return the text with every run of white space as one blank, and none inside brackets."""
    return re.sub(r"\s+\)", ")", re.sub(r"\(\s+", "(", " ".join(text.split())))


def as_csv(rows: Sequence[Sequence[object]]) -> list[str]:
    """Return one line per row: NULL is an empty field, the empty text is `""`."""
    return [",".join(_field(cell) for cell in row) for row in rows]


def csv_lines(text: str) -> list[str]:
    """Return the lines of a CSV block as a case file holds it."""
    return text.splitlines()


def _field(cell: object) -> str:
    if cell is None:
        return ""
    text = str(cell).lower() if isinstance(cell, bool) else str(cell)
    if text and not QUOTED_FIELD.search(text):
        return text
    return '"' + text.replace('"', '""').replace("\n", "\\n") + '"'


def _entries(folder: Path, kind: type) -> Iterator[dict[str, Any]]:
    """Yield the fields of every case; CaseFault for anything a reader would not expect."""
    titles: dict[str, str] = {}
    texts: dict[tuple[str, str, str, str], str] = {}
    for path in _paths(folder):
        for entry in _file_entries(path, folder, kind):
            place, title = entry["place"], entry["title"]
            spoken = str(entry.get("dialect", ""))
            key = (entry["role"], spoken, entry["source"], without_literals(entry["sql"]))
            for known, each in ((titles, title), (texts, key)):
                if each in known:
                    raise CaseFault(f"{place}: {title!r} repeats the case at {known[each]}")
                known[each] = place
            yield entry


def _paths(folder: Path) -> list[Path]:
    paths = sorted(folder.rglob("*.yaml"))
    if not paths:
        raise CaseFault(f"{folder.name}: no case file")
    return paths


def _file_entries(path: Path, folder: Path, kind: type) -> Iterator[dict[str, Any]]:
    name = path.relative_to(folder.parent).as_posix()
    tree = _yaml(path)
    _refuse_unknown(tree, FILE_KEYS, f"{name}:1")
    cases = tree.get("cases")
    if not isinstance(cases, CommentedSeq) or not cases:
        raise CaseFault(f"{name}:1: no cases")
    allowed = {field.name for field in fields(kind)} - {"place", "dialect"}
    for index, case in enumerate(cases):
        place = f"{name}:{cases.lc.item(index)[0] + 1}"
        if not isinstance(case, CommentedMap):
            raise CaseFault(f"{place}: a case is a mapping")
        _refuse_unknown(case, allowed, place)
        common = {"source": tree.get("source"), "role": tree.get("role"), "dialect": tree.get("dialect", "")}
        entry = {"place": place, **common, **dict(case)}
        entry["sql"] = _built(entry.get("sql"), place)
        for needed in ("title", "role", "source", "sql"):
            if not isinstance(entry.get(needed), str) or (not entry[needed].strip() and needed != "sql"):
                raise CaseFault(f"{place}: {needed} is missing")
        yield entry


def _built(value: object, place: str) -> object:
    if isinstance(value, CommentedMap):
        _refuse_unknown(value, {field.name for field in fields(Built)}, place)
        return Built(**dict(value)).text()
    return value


def _phrases(value: object, place: str) -> tuple[str, ...]:
    phrases = (value,) if isinstance(value, str) else tuple(value)  # type: ignore[call-overload]
    if not all(isinstance(each, str) and each for each in phrases):
        raise CaseFault(f"{place}: a phrase is a text")
    return phrases


def _refuse_unknown(mapping: CommentedMap, allowed: set[str], place: str) -> None:
    unknown = sorted(set(mapping) - allowed)
    if unknown:
        raise CaseFault(f"{place}: unknown key {unknown[0]!r}")


def without_literals(sql: str) -> str:
    """Return the text as it is compared: two cases that differ in literals alone test one thing."""
    return " ".join(LITERAL.sub("?", sql).split()) or sql


def _yaml(path: Path) -> CommentedMap:
    tree = _tree(path)
    if not isinstance(tree, CommentedMap):
        raise CaseFault(f"{path.name}:1: empty, or no mapping")
    return tree


def _sequence(path: Path) -> CommentedSeq:
    tree = _tree(path)
    if not isinstance(tree, CommentedSeq) or not tree:
        raise CaseFault(f"{path.name}:1: empty, or no list")
    return tree


def _tree(path: Path) -> Any:
    try:
        return YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as failure:
        raise CaseFault(f"{path.name}: {failure}") from None
