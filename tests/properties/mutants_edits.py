"""Defects as data: one place of the source text changed, and the tests of the suite that must notice.

`tests/cases/mutants/*.yaml` holds groups: `file` below the package, `tests` (files of the suite), and `mutants`,
each with `title`, `old` and `new` text, and as it likes `first` (part of a test's name or of its case's place:
those are asked first), `tests` of its own, `also` (more edits: file, old, new), and `spare`: why nothing can
notice, because another check does the same. A spare one is not counted, and must survive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from tests.properties.injection import Injection
from tests.support.cases import CASES, CaseFault

FOLDER = CASES / "mutants"
GROUP_KEYS = {"file", "tests", "mutants"}
KEYS = {"title", "old", "new", "first", "tests", "also", "spare"}


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change of a source file."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class EditMutant:
    """A defect of one or more edits, and the tests that must notice it: those that say `first` before others."""

    title: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    first: str = ""
    spare: str = ""

    def defect(self, injection: Injection) -> None:
        """Put the defect in."""
        for edit in self.edits:
            injection.edit(edit.file, edit.old, edit.new)


def edit_mutants() -> tuple[EditMutant, ...]:
    """Return every defect of the data files, in order; CaseFault for a repeated title or an unknown key."""
    found: dict[str, EditMutant] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for group in YAML(typ="safe").load(path.read_text(encoding="utf-8")):
            _refuse_unknown(group, GROUP_KEYS, path.name)
            for entry in group["mutants"]:
                made = _mutant(entry, group, path.name)
                if made.title in found:
                    raise CaseFault(f"{path.name}: {made.title!r} is there already")
                found[made.title] = made
    return tuple(found.values())


def _mutant(entry: Mapping[str, Any], group: Mapping[str, Any], place: str) -> EditMutant:
    _refuse_unknown(entry, KEYS, place)
    own = {"file": group["file"], "old": entry["old"], "new": entry["new"]}
    edits = tuple(Edit(**{**own, **each}) for each in ({}, *entry.get("also", ())))
    if any(edit.old == edit.new for edit in edits):
        raise CaseFault(f"{place}: {entry['title']!r} changes nothing")
    return EditMutant(
        title=entry["title"],
        edits=edits,
        tests=tuple(entry.get("tests") or group["tests"]),
        first=entry.get("first", ""),
        spare=entry.get("spare", ""),
    )


def _refuse_unknown(mapping: Mapping[str, Any], allowed: set[str], place: str) -> None:
    unknown = sorted(set(mapping) - allowed)
    if unknown:
        raise CaseFault(f"{place}: unknown key {unknown[0]!r}")
