"""Asking generated queries over a broken guard: who notices, and how soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

import pytest

from lucky_mcp.adapters import duckdb
from lucky_mcp.enforcement import enforce
from lucky_mcp.errors import Code
from tests.properties.injection import Injection, injected
from tests.properties.long_run import DEFECT, Example, judge, with_seed
from tests.support.generator_house import House

EXAMPLES = 60
SEEDS = 3
REFUSED = "refusal"


@dataclass(frozen=True)
class Mutant:
    """A defect that generated queries meet, and who must notice it: `verify`, or the `properties` of answers.

    With `is_verified` False verify is stubbed as well, so that the properties are alone. `is_risky` asks
    queries with parts that may fail on some rows, for defects that only an error tells; `holding` asks
    queries with one construct, for defects that touch nothing else, and `without` such as lack one, which
    another check would refuse first. `is_join_ordered` gives up the second protection of the error channel
    as well: without the pass that orders joins, few conditions move.
    """

    defect: Callable[[Injection], None]
    by: str
    is_verified: bool = True
    is_risky: bool = False
    holding: str = ""
    without: str = ""
    is_join_ordered: bool = False

    @property
    def title(self) -> str:
        """The name of a test."""
        return self.defect.__name__ + ("" if self.is_verified else "_unverified")


def order_joins(patch: pytest.MonkeyPatch | Injection) -> None:
    """Let the engine order joins by size; for files that nothing else has opened."""
    patch.setitem(duckdb.SETTINGS, "disabled_optimizers", "statistics_propagation,build_side_probe_side")


def nothing(patch: Injection) -> None:
    """Break nothing: what the examples find in the whole guard would be no proof against a mutant."""


@dataclass(frozen=True)
class Verdict:
    """What noticed a mutant, after how many examples, and in which words; no `killer` means that it survived."""

    killer: str
    asked: int
    seconds: float
    place: str = ""
    why: str = ""

    @property
    def by(self) -> str:
        """The kind of check, as a mutant names it."""
        return "properties" if self.killer not in {"", "verify", "crash"} else self.killer


@contextmanager
def broken(mutant: Mutant) -> Iterator[Injection]:
    """Break the guard for the time of the block."""
    with injected() as injection:
        mutant.defect(injection)
        if mutant.is_join_ordered:
            order_joins(injection)
        if not mutant.is_verified:
            injection.setattr(enforce, "verify", lambda *args, **kwargs: None)
        yield injection


def judged(house: House, mutant: Mutant, examples: int = EXAMPLES, seeds: int = SEEDS) -> Verdict:
    """Ask examples over the broken guard until one is wrong that is right over the whole one."""
    start, asked, place = time.perf_counter(), 0, ""
    left = chain.from_iterable(
        with_seed(
            house, seed, examples, is_risky=mutant.is_risky, holding=mutant.holding, without=mutant.without
        )
        for seed in range(seeds)
    )
    while True:
        killer, why, suspect = "", "", None
        with broken(mutant) as injection:
            place = injection.places[0] if injection.places else ""
            for one in left:
                asked += 1
                killer, why = noticed(house, one)
                if killer:
                    suspect = one
                    break
        seconds = time.perf_counter() - start
        if suspect is None:
            return Verdict("", asked, seconds, place)
        with broken(replace(mutant, defect=nothing, is_verified=True)):
            is_ours = mutant.defect is not nothing and bool(noticed(house, suspect)[0])
        if not is_ours:
            return Verdict(killer, asked, seconds, place, why)


def noticed(house: House, one: Example) -> tuple[str, str]:
    """Return which check finds an example wrong, and how; a crash is the defect's own, and no check."""
    check, wrong, verdict = judge(one, one.query, house)
    error = verdict.answer.error
    if error is not None and DEFECT in error.agent_text:
        return "crash", verdict.answer.reason
    if wrong:
        return check, wrong
    # The whole guard refuses it too.
    is_meant = error is not None and error.code is Code.TOO_LARGE
    if verdict.answer.is_refusal and not verdict.twin.failure and not is_meant:
        return REFUSED, verdict.answer.reason
    return "", ""
