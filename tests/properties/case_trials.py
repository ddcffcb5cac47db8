"""Runs tests of the suite over a broken guard: which of them notices a defect, if any does.

It is pytest itself, in this process, with another loop: each defect gets the tests that its entry names, until
one fails. The same test must pass before and after without the defect, so that what it notices is the defect.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pytest

from tests.properties.injection import injected
from tests.properties.long_run import DEFECT
from tests.properties.mutants_edits import EditMutant

# A defect that ends in one of these was written wrongly: it would be noticed by anything that runs.
CRASHES = (NameError, SyntaxError, UnboundLocalError, TypeError, AttributeError, ImportError)
DIALECTS = ("mysql", "postgres", "redshift", "duckdb", "doris")
WARM = "tests/enforcement/test_rewrite_cases.py"
SPARE_TESTS = 60  # what nothing can notice would be asked of every test of its files
ELSEWHERE = "tests/sql/test_case_files.py"


@dataclass(frozen=True, kw_only=True)
class CaseVerdict:
    """What noticed a defect, after how many tests and seconds; no `killer` means that it survived."""

    mutant: EditMutant
    place: str
    killer: str
    asked: int
    seconds: float
    why: str = ""


def case_verdicts(mutants: Sequence[EditMutant], told: Callable[[CaseVerdict], None]) -> list[CaseVerdict]:
    """Try each defect and tell what came of it; RuntimeError when the tests cannot be run at all."""
    plugin = _Trials(mutants, told)
    files = dict.fromkeys([WARM, ELSEWHERE, *(file for mutant in mutants for file in mutant.tests)])
    options = [
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--timeout=0",
        "--assert=plain",
    ]
    code = pytest.main([*options, *files], plugins=[plugin])
    if plugin.failure or len(plugin.verdicts) != len(mutants):
        raise RuntimeError(plugin.failure or f"pytest ended with {code!r}")
    return plugin.verdicts


class _Trials:
    """The plugin: its loop takes the place of pytest's own."""

    def __init__(self, mutants: Sequence[EditMutant], told: Callable[[CaseVerdict], None]) -> None:
        self.mutants = mutants
        self.told = told
        self.verdicts: list[CaseVerdict] = []
        self.failure = ""
        self._failed: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every defect in turn."""
        self._warm_up(session.items)
        for mutant in self.mutants:
            if self.failure:
                break
            verdict = self._verdict(mutant, session.items)
            self.verdicts.append(verdict)
            self.told(verdict)
        return True

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read ends the run."""
        if report.failed:
            self.failure = str(report.longrepr)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what failed."""
        if report.failed:
            self._failed.append(str(report.longrepr))

    @pytest.hookimpl
    def pytest_exception_interact(self, call: pytest.CallInfo[None]) -> None:
        """Mark a crash, which is the defect's own."""
        if call.excinfo is not None and call.excinfo.errisinstance(CRASHES):
            self.failure = f"a defect must not crash: {call.excinfo.exconly()}"

    def _warm_up(self, items: Sequence[pytest.Item]) -> None:
        """What is kept for the whole session is made by a whole guard: one case of each dialect asks for it."""
        own = [item for item in items if item.nodeid.startswith(WARM)]
        for dialect in DIALECTS:
            asked = next(item for item in own if f"/{dialect}/" in label(item))
            self._run(asked, _elsewhere(asked, items))

    def _verdict(self, mutant: EditMutant, items: Sequence[pytest.Item]) -> CaseVerdict:
        start, asked, killer, why, place = time.perf_counter(), 0, "", "", ""
        for chosen in _chosen(mutant, items):
            one, *others = [item for item in items if item.path == chosen[0].path]
            other = others[0] if others else _elsewhere(one, items)
            self._run(chosen[0], other if chosen[0] is one else one, mutant)
            failed: pytest.Item | None = None
            with injected() as injection:
                mutant.defect(injection)
                place = injection.places[0]
                for item in chosen:
                    asked += 1
                    why = self._run(item, other if item is one else one)
                    if why:
                        failed = item
                        break
            self._run(failed or chosen[0], _elsewhere(one, items), mutant)
            if failed is not None:
                killer = label(failed)
                break
        return CaseVerdict(
            mutant=mutant,
            place=place,
            killer=killer,
            asked=asked,
            seconds=time.perf_counter() - start,
            why=why,
        )

    def _run(self, item: pytest.Item, following: pytest.Item, whole: EditMutant | None = None) -> str:
        """Run one test, and return how it failed; without a defect (`whole` names the one to come or gone) it must not.

        What a module's tests share is kept when `following` is another one of them.
        """
        self._failed.clear()
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        why = self._failed[0] if self._failed else ""
        if DEFECT in why:
            self.failure = self.failure or f"a defect must not crash: {why}"
        if why and whole is not None:
            self.failure = f"{label(item)} fails without {whole.title!r}:\n{why}"
        return why


def _chosen(mutant: EditMutant, items: Sequence[pytest.Item]) -> Iterator[list[pytest.Item]]:
    """Yield the tests of a defect, file by file, those that are asked first before the others."""
    own = [item for file in mutant.tests for item in items if item.nodeid.split("::")[0] == file]
    firsts = [item for item in own if mutant.first and mutant.first in label(item)]
    if not own or (mutant.first and not firsts):
        raise ValueError(f"{mutant.title!r} names no test: {mutant.tests} {mutant.first!r}")
    rest = [item for item in own if item not in firsts]
    if mutant.spare:
        rest = rest[:SPARE_TESTS]
    for part in (firsts, rest):
        for _, group in groupby(part, key=lambda item: item.path):
            yield list(group)


def _elsewhere(asked: pytest.Item, items: Sequence[pytest.Item]) -> pytest.Item:
    """Return a test of another folder: what the module of the one asked shares is given up before it."""
    return next(item for item in items if item.path.parent != asked.path.parent)


def label(item: pytest.Item) -> str:
    """Return a test's name, with the place of its case when it has one."""
    name = item.nodeid.removeprefix("tests/")
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")  # type: ignore[attr-defined]
    place = getattr(case, "place", "")
    return f"{name} ({place})" if place else name
