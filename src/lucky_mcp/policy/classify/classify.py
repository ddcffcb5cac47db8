"""Guesses what a column holds, by its name, its type and the look of some values; a reviewer decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lucky_mcp.catalog.snapshot import Column, TypeFamily
from lucky_mcp.policy.classify.names import NO_PERSON, NameSays, read_name, types_of
from lucky_mcp.policy.classify.values import ValuesSay, read_values

# What was found on the tuning half of tests/cases/columns; the order matters more than the numbers.
BOTH: Final = 0.98
NAME_ONLY: Final = 0.85
NAME_AND_OTHER_VALUES: Final = 0.7
UNSURE_AND_VALUES: Final = 0.8
VALUES_ONLY: Final = 0.75
# Shapes so particular that they count against a name that says something else.
CHECKED: Final = frozenset({"pii.email", "pii.id", "pii.card", "pii.network", "secret"})
# Shapes that a name of a thing explains: a shop has an address, a product may be called like a person.
EXPLAINED: Final = frozenset({"pii.phone", "pii.email", "pii.address", "pii.name", "pii.location"})
# Shapes of other things too, when the name says that it is one: four numbers with dots are also a version.
ALIKE: Final = frozenset({"pii.network", "pii.address", "pii.name"})
KEPT_ELSEWHERE: Final = frozenset({TypeFamily.BOOLEAN})


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A tag with a confidence from 0 to 1, and the reason in words; without a tag it is nothing special."""

    tag: str = ""
    confidence: float = 0.0
    reason: str = ""


NOTHING: Final = Guess()


def classify(column: Column, values: Sequence[object]) -> Guess:
    """Return the guess for one column; `values` are a few of its values, of which the reason quotes none."""
    if column.family in KEPT_ELSEWHERE or column.type.upper().startswith(("TINYINT(1)", "BIT")):
        return NOTHING
    said, seen = read_name(column.name), read_values(values)
    by_name = _by_name(column, said, seen)
    by_values = _by_values(column, said, seen)
    if by_values.tag and (by_values.tag in CHECKED or not by_name.tag) and by_values.tag != by_name.tag:
        return by_values
    return by_name


def _by_name(column: Column, said: NameSays, seen: ValuesSay) -> Guess:
    if not said.tag or said.against or _family(column) not in types_of(said.tag):
        return NOTHING
    name = f"the name says {said.word!r}"
    if said.tag in seen.loose:
        how = f"{seen.alike or seen.of} of {seen.of} values look like {seen.what or 'it'}"
        return Guess(
            tag=said.tag, confidence=BOTH if said.sure else UNSURE_AND_VALUES, reason=f"{name}, {how}"
        )
    if not said.sure:
        return NOTHING
    if not seen.of:
        return Guess(tag=said.tag, confidence=NAME_ONLY, reason=f"{name}; there are no values")
    return Guess(tag=said.tag, confidence=NAME_AND_OTHER_VALUES, reason=f"{name}; its values show no shape")


def _by_values(column: Column, said: NameSays, seen: ValuesSay) -> Guess:
    if not seen.tag or _family(column) not in types_of(seen.tag):
        return NOTHING
    explained = EXPLAINED if said.against == NO_PERSON else ALIKE if said.against else frozenset[str]()
    if seen.tag in explained:
        return NOTHING
    reason = f"{seen.alike} of {seen.of} values look like {seen.what}"
    return Guess(tag=seen.tag, confidence=VALUES_ONLY, reason=reason)


def _family(column: Column) -> str:
    return str(column.family)
