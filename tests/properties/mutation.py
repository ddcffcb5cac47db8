"""Running the properties over a broken guard: who notices, and how soon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lucky_mcp.adapters import duckdb
from lucky_mcp.enforcement import enforce
from lucky_mcp.errors import GuardFailed
from lucky_mcp.gateway.prepared_cache import forget_everything
from tests.properties.fuzz import Case, first_cases
from tests.support.generator_checks import leak, lie
from tests.support.generator_house import House

EXAMPLES = 50


@dataclass(frozen=True)
class Mutant:
    """A defect and who must notice it: `verify` by itself, or the properties.

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


def order_joins(patch: pytest.MonkeyPatch) -> None:
    """Let the engine order joins by size; for files that nothing else has opened."""
    patch.setitem(duckdb.SETTINGS, "disabled_optimizers", "statistics_propagation,build_side_probe_side")


def nothing(patch: pytest.MonkeyPatch) -> None:
    """Break nothing: what the examples find in the whole guard would be no proof against a mutant."""


@dataclass
class Judge:
    """Checks cases and remembers what noticed the defect."""

    house: House
    asked: int = 0
    killer: str = ""

    def check(self, case: Case) -> str:
        """Return what is wrong with a case, whichever check finds it first."""
        self.asked += 1
        verdict = lie(case.query, case.world, self.house)
        if isinstance(verdict.answer.error, GuardFailed):
            return self._found("verify", verdict.answer.reason)
        if verdict.answer.is_refusal and not verdict.twin.failure:
            return self._found("properties", f"refused: {verdict.answer.reason}")
        if verdict.wrong:
            return self._found("properties", f"transparency: {verdict.wrong}")
        wrong, _ = leak(case.query, case.world, self.house, case.neighbour)
        return self._found("properties", f"non-interference: {wrong}") if wrong else ""

    def _found(self, killer: str, why: str) -> str:
        self.killer = killer
        return f"{killer}: {why}"


def judged(
    house: House, mutant: Mutant, patch: pytest.MonkeyPatch, examples: int = EXAMPLES
) -> tuple[Judge, str]:
    """Run the first examples over the broken guard; return the judge and what it found."""
    judge = Judge(house)
    with patch.context() as broken:
        forget_everything()
        mutant.defect(broken)
        if mutant.is_join_ordered:
            order_joins(broken)
        if not mutant.is_verified:
            broken.setattr(enforce, "verify", lambda *args, **kwargs: None)
        try:
            first_cases(house, judge.check, examples, is_risky=mutant.is_risky, holding=mutant.holding)
        except AssertionError as found:
            return judge, str(found)
        finally:
            forget_everything()
    return judge, ""
