"""Running checks over a broken guard: who notices, and how soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from lucky_mcp.adapters import duckdb
from lucky_mcp.enforcement import enforce
from lucky_mcp.errors import Code
from lucky_mcp.gateway.prepared_cache import forget_everything
from tests.properties.long_run import judge, with_seed
from tests.support.generator_house import House

EXAMPLES = 60


@dataclass(frozen=True)
class Mutant:
    """A defect and who must notice it: `verify` by itself, the properties, or a suite of cases.

    With `is_verified` False verify is stubbed as well, so that the properties are alone. `is_risky` asks
    queries with parts that may fail on some rows, for defects that only an error tells; `holding` asks
    queries with one construct, for defects that touch nothing else. `is_join_ordered` gives up the second
    protection of the error channel as well: without the pass that orders joins, few conditions move.
    """

    defect: Callable[[pytest.MonkeyPatch], None]
    by: str
    is_verified: bool = True
    is_risky: bool = False
    holding: str = ""
    is_join_ordered: bool = False

    @property
    def title(self) -> str:
        """The name of a test."""
        return self.defect.__name__ + ("" if self.is_verified else "_unverified")

    @property
    def is_of_cases(self) -> bool:
        """Whether a suite of cases must notice it, and not generated queries."""
        return self.by not in {"verify", "properties"}


def order_joins(patch: pytest.MonkeyPatch) -> None:
    """Let the engine order joins by size; for files that nothing else has opened."""
    patch.setitem(duckdb.SETTINGS, "disabled_optimizers", "statistics_propagation,build_side_probe_side")


def nothing(patch: pytest.MonkeyPatch) -> None:
    """Break nothing: what the examples find in the whole guard would be no proof against a mutant."""


@dataclass(frozen=True)
class Verdict:
    """What noticed a mutant, after how many examples, and in which words; no `killer` means that it survived."""

    killer: str
    asked: int
    why: str = ""


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """Break the guard for the time of the block."""
    with pytest.MonkeyPatch.context() as patch:
        forget_everything()
        mutant.defect(patch)
        if mutant.is_join_ordered:
            order_joins(patch)
        if not mutant.is_verified:
            patch.setattr(enforce, "verify", lambda *args, **kwargs: None)
        try:
            yield
        finally:
            forget_everything()


def judged(house: House, mutant: Mutant, examples: int = EXAMPLES) -> Verdict:
    """Ask examples over the broken guard until one is wrong."""
    asked = 0
    with broken(mutant):
        for one in with_seed(house, 0, examples, is_risky=mutant.is_risky, holding=mutant.holding):
            asked += 1
            check, wrong, verdict = judge(one, one.query, house)
            if check == "verify":
                return Verdict("verify", asked, wrong)
            if wrong:
                return Verdict("properties", asked, f"{check}: {wrong}")
            error = verdict.answer.error
            is_long = error is not None and error.code is Code.TOO_LARGE  # the whole guard refuses it too
            if verdict.answer.is_refusal and not verdict.twin.failure and not is_long:
                return Verdict("properties", asked, f"refused: {verdict.answer.reason}")
    return Verdict("", asked)
