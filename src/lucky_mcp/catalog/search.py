"""Ranks tables by the words of a question: BM25 over weighted fields, with glossary words and near spellings.

A word counts by how rare it is and where it stands: in a table's name more than in a column's comment. Words
that mean the same count less than the word itself, and a word that no table has counts by its near spellings.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from lucky_mcp.catalog.glossary import Phrase, glossary, longest
from lucky_mcp.catalog.words import terms

SATURATION = 1.2  # BM25's k1: how soon a repeated word stops to count
LENGTH_SHARE = 0.5  # BM25's b: how much a long field is held against its words
SAME_MEANING = 0.7
NEAR_SPELLING = 0.6
NEAR_CHARS_MIN = 4
NEAR_CUTOFF = 0.8
NEAR_MAX = 4
RELEVANT_SHARE = 0.15  # of the best score; what has less shares a common word at most
WEIGHT = "weight"


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a table is found by; the weights say how much a word counts in each field."""

    name: str = field(metadata={WEIGHT: 3.0})
    description: str = field(metadata={WEIGHT: 2.5})
    columns: str = field(metadata={WEIGHT: 1.5})
    comments: str = field(metadata={WEIGHT: 1.0})
    context: str = field(metadata={WEIGHT: 1.0})


@dataclass(frozen=True)
class _Meant:
    """One thing the question names, and the phrases that may stand for it with their weights."""

    phrases: tuple[tuple[Phrase, float], ...]


class SearchIndex:
    """The words of a fixed sequence of tables; holds no other text, so it can tell of no other table."""

    def __init__(self, tables: Sequence[Described]) -> None:
        self._size = len(tables)
        self._found: dict[str, dict[int, float]] = defaultdict(dict)
        for name in (each.name for each in fields(Described)):
            self._add(name, [Counter(terms(getattr(table, name))) for table in tables])

    def _add(self, name: str, counted: list[Counter[str]]) -> None:
        weight = next(each.metadata[WEIGHT] for each in fields(Described) if each.name == name)
        lengths = [sum(each.values()) for each in counted]
        mean = sum(lengths) / len(lengths) if any(lengths) else 1.0
        for index, (counts, length) in enumerate(zip(counted, lengths, strict=True)):
            shortened = 1 - LENGTH_SHARE + LENGTH_SHARE * length / mean
            for term, count in counts.items():
                holding = self._found[term]
                holding[index] = holding.get(index, 0.0) + weight * count / shortened

    def rank(self, question: str) -> list[int]:
        """Return the positions of the tables that match, best first; equals stay in order."""
        scores: dict[int, float] = defaultdict(float)
        for meant in self._meant(terms(question)):
            best: dict[int, float] = defaultdict(float)
            for phrase, weight in meant.phrases:
                for index, score in self._phrase(phrase).items():
                    best[index] = max(best[index], weight * score)
            for index, score in best.items():
                scores[index] += score
        least = RELEVANT_SHARE * max(scores.values(), default=0.0)
        relevant = (index for index, score in scores.items() if score >= least)
        return sorted(relevant, key=lambda index: (-scores[index], index))

    def _phrase(self, phrase: Phrase) -> dict[int, float]:
        """Score the tables by a phrase; a table that lacks one of its words gets less than its share."""
        scores: dict[int, float] = defaultdict(float)
        held: Counter[int] = Counter()
        for term in phrase:
            holding = self._found.get(term, {})
            rarity = math.log(1 + (self._size - len(holding) + 0.5) / (len(holding) + 0.5))
            for index, weighed in holding.items():
                scores[index] += rarity * weighed / (SATURATION + weighed)
                held[index] += 1
        return {index: score * (held[index] / len(phrase)) for index, score in scores.items()}

    def _meant(self, asked: list[str]) -> Iterator[_Meant]:
        """Split a question into what it names, the longest glossary phrases first."""
        at = 0
        while at < len(asked):
            for length in range(min(longest(), len(asked) - at), 0, -1):
                phrase = tuple(asked[at : at + length])
                if length == 1 or phrase in glossary():
                    yield self._alternatives(phrase)
                    at += length
                    break

    def _alternatives(self, phrase: Phrase) -> _Meant:
        others = [(other, SAME_MEANING) for other in sorted(glossary().get(phrase, ()))]
        if not others and phrase[0] not in self._found:
            others = [((near,), NEAR_SPELLING) for near in self._near(phrase[0])]
            for near in tuple(near for (near,), _ in others):
                others += [
                    (same, NEAR_SPELLING * SAME_MEANING) for same in sorted(glossary().get((near,), ()))
                ]
        return _Meant(phrases=((phrase, 1.0), *others))

    def _near(self, term: str) -> list[str]:
        """Return the known terms that a misspelt or shortened word may have meant."""
        if len(term) < NEAR_CHARS_MIN or not term.isascii():
            return []
        known = [*self._found, *(phrase[0] for phrase in glossary() if len(phrase) == 1)]
        alike = [each for each in dict.fromkeys(known) if each[0] == term[0] or each[-1] == term[-1]]
        begun = [each for each in alike if each.startswith(term) and "_" not in each]
        close = difflib.get_close_matches(
            term, [each for each in alike if abs(len(each) - len(term)) <= 2], n=NEAR_MAX, cutoff=NEAR_CUTOFF
        )
        return list(dict.fromkeys((*close, *begun)))[:NEAR_MAX]
