"""The query of a number, and a failing one made small.

A strategy that drew every choice from Hypothesis would repeat itself: it copies parts of its own examples,
and half of them were the same query. So Hypothesis draws one number for a query, and the choices that came
of it are made fewer here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.support.generator_queries import Query, written_query
from tests.support.generator_schema import World

TRIES_MAX = 400


@dataclass
class Choices:
    """Choices from a list and, behind its end, from a number's random sequence or the simplest ones."""

    given: Sequence[int] = ()
    rng: Random | None = None
    made: list[int] = field(default_factory=list)

    def choose(self, low: int, high: int) -> int:
        """Return the next choice, kept within the range."""
        place = len(self.made)
        if place < len(self.given):
            value = min(low + self.given[place], high)
        else:
            value = self.rng.randint(low, high) if self.rng else low
        self.made.append(value - low)
        return value


def numbered(world: World, number: int, *, is_risky: bool = False) -> Query:
    """Return the query of a number, which is the same in every run."""
    return written_query(world, Choices(rng=Random(number)).choose, is_risky=is_risky)


def smallest(world: World, number: int, is_wrong: Callable[[Query], bool]) -> Query:
    """Return a smaller query that is wrong too: choices are left out or made the simplest, in ever finer blocks."""
    choices = Choices(rng=Random(number))
    best, kept = written_query(world, choices.choose), choices.made
    tries = 0
    size = len(kept) // 2
    while size:
        start = 0
        while start < len(kept) and tries < TRIES_MAX:
            for middle in ([], [0] * size):
                attempt = Choices(given=[*kept[:start], *middle, *kept[start + size :]])
                query = written_query(world, attempt.choose)
                tries += 1
                if len(query.sql) < len(best.sql) and is_wrong(query):
                    best, kept = query, attempt.made
                    break
            else:
                start += size
        size //= 2
    return best
