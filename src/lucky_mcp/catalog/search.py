"""Ranks described things by the words of a question: rare words count more, names more than descriptions."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

WORD = re.compile(r"[a-z0-9]+|[^\x00-\x7f]+")
WEIGHTS = (3.0, 2.0, 2.0)
COMMON_WORDS = re.compile(
    r"a|an|and|are|by|for|from|how|in|is|last|many|much|of|on|or|per|the|to|what|which|with"
)


def rank(question: str, described: Sequence[tuple[str, str, str]]) -> list[int]:
    """Return the positions of what matches, best first; each entry is (names, parts, descriptions).

    A word counts once per field, weighted by how few entries hold it at all.
    """
    stems = {_stem(word) for word in WORD.findall(question.lower()) if not COMMON_WORDS.fullmatch(word)}
    fields = [tuple({_stem(word) for word in _words(text)} for text in entry) for entry in described]
    rarity = {stem: _rarity(stem, fields) for stem in stems}
    scores = [
        sum(
            rarity[stem] * weight
            for stem in stems
            for weight, field in zip(WEIGHTS, entry, strict=True)
            if stem in field
        )
        for entry in fields
    ]
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    return [index for index in order if scores[index] > 0]


def _rarity(stem: str, fields: Sequence[tuple[set[str], ...]]) -> float:
    holding = sum(any(stem in field for field in entry) for entry in fields)
    return math.log(1 + len(fields) / holding) if holding else 0.0


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("_", " "))


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
