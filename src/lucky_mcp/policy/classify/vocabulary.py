"""The words of `vocabulary.toml`, as patterns and sets."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("vocabulary.toml")


@dataclass(frozen=True, kw_only=True)
class TagWords:
    """How columns with one tag are called; patterns match whole words of a name joined by `_`."""

    tag: str
    types: frozenset[str]
    names: re.Pattern[str]
    unsure: re.Pattern[str] | None
    chinese: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All tags in the order they are tried, and the sets of words that change what a name means."""

    tags: tuple[TagWords, ...]
    words: dict[str, frozenset[str]]
    given: frozenset[str]
    surnames_chinese: frozenset[str]
    streets: frozenset[str]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Read the file once."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    values = data["values"]
    return Vocabulary(
        tags=tuple(
            TagWords(
                tag=entry["tag"],
                types=frozenset(entry["types"]),
                names=_pattern(entry["names"]),
                unsure=_pattern(entry["unsure"]) if "unsure" in entry else None,
                chinese=tuple(entry.get("chinese", ())),
            )
            for entry in data["tags"]
        ),
        words={name: frozenset(words) for name, words in data["other"].items()},
        given=frozenset(values["given"].split()),
        surnames_chinese=frozenset(values["surnames_chinese"]),
        streets=frozenset(values["streets"].split()),
    )


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return whole words in a row, the longest first; a name may leave out the `_` within a phrase."""
    ordered = sorted(phrases, key=len, reverse=True)
    either = "|".join(phrase.replace("_", "_?") for phrase in ordered)
    return re.compile(f"(?:^|(?<=_))(?:{either})s?(?=_|$)")
