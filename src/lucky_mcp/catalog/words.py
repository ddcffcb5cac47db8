"""Text as search terms: words of names and sentences without endings, Chinese by pairs of characters."""

from __future__ import annotations

import re
from functools import lru_cache

WORD = re.compile(r"[一-鿿㐀-䶿]+|[^\W_一-鿿㐀-䶿]+")
HAN = re.compile(r"[一-鿿㐀-䶿]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
IDENTIFIER = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+")
SIBILANT_ENDS = ("ses", "xes", "zes", "ches", "shes")
KEPT_S = ("ss", "us", "is")
STEM_CHARS_MIN = 3
COMMON_WORDS = re.compile(
    r"a|about|all|an|and|any|are|as|at|be|been|best|by|can|could|did|do|does|each|every|find|for|from|"
    r"get|give|had|has|have|how|i|in|into|is|it|its|last|latest|list|long|many|me|most|much|my|next|not|"
    r"of|on|or|our|out|per|please|show|take|tell|than|that|the|their|them|there|these|they|this|those|to|"
    r"today|tomorrow|top|was|we|week|were|what|when|where|which|who|whose|why|will|with|without|"
    r"yesterday|you|your"
)


def terms(text: str) -> list[str]:
    """Return the search terms of a text in order, common words left out; identifiers also count whole."""
    found = [word.lower() for word in IDENTIFIER.findall(text)]
    for word in WORD.findall(CAMEL.sub(" ", text)):
        if HAN.match(word):
            found += pairs(word)
        elif not COMMON_WORDS.fullmatch(word.lower()):
            found.append(stem(word.lower()))
    return found


def pairs(run: str) -> list[str]:
    """Return every two neighbouring characters of a Chinese run, which has no blanks to split it by."""
    return [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return a word in lower case without the endings of plural, past and present participle."""
    return _undoubled(_without_participle(_singular(word)))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(SIBILANT_ENDS):
        return word[:-2]
    if len(word) > STEM_CHARS_MIN and word.endswith("s") and not word.endswith(KEPT_S):
        return word[:-1]
    return word


def _without_participle(word: str) -> str:
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) > STEM_CHARS_MIN - 1:
            return word[: -len(ending)]
    return word


def _undoubled(word: str) -> str:
    if len(word) > STEM_CHARS_MIN and word.endswith("e"):
        word = word[:-1]
    if len(word) > STEM_CHARS_MIN and word[-1] == word[-2] and word[-1].isalpha():
        word = word[:-1]
    return word
