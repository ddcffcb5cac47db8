"""Examples in great number, by their index: the same seed and index give the same query on every machine.

Hypothesis is left out here: it keeps what it has seen, and a run could not go on where another one ended.
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from lucky_mcp.errors import GuardFailed
from tests.properties.engine_differences import explained
from tests.support.generator_checks import (
    PLANS_DISAGREE,
    AnyHouse,
    Verdict,
    fails_by_plan,
    is_gone,
    is_ordered_by_plan,
    leak,
    lie,
)
from tests.support.generator_house import Answer
from tests.support.generator_numbers import numbered, smallest
from tests.support.generator_queries import Query
from tests.support.generator_schema import World
from tests.support.generator_shrink import reduced
from tests.support.neighbours import NAMES

VIEWS_SHARE = 0.12  # of the examples are asked where there are views, and tables below them
VIEW = "view"
COLLECTED_EVERY = 500  # examples
BY_PLAN = "failing visible rows met by one plan"
DEFECT = "failed inside the gateway"


@dataclass(frozen=True)
class Finding:
    """One query that something is wrong with, and a small one that is wrong alike."""

    index: int
    check: str
    wrong: str
    asked: str
    sql: str
    smallest: str


@dataclass
class Block:
    """What came of a range of indexes; counts are of queries by what they hold and what became of them."""

    start: int
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Example:
    """The query of one index: who asks it, of what, and the neighbour to compare with."""

    world: World
    number: int
    query: Query
    neighbour: str

    def __str__(self) -> str:
        return f"{self.world.role} on {self.world.source} against {self.neighbour}: {self.query.sql}"


def example(
    house: AnyHouse, seed: int, index: int, *, is_risky: bool = False, holding: str = "", without: str = ""
) -> Example:
    """Return the example of an index; `holding` names a construct that it must have, `without` one it must not."""
    rng, views = Random(f"{seed} {index}"), Random(f"views {seed} {index}")
    world = rng.choice(house.worlds)
    if house.view_worlds and (views.random() < VIEWS_SHARE or holding == VIEW):
        world = views.choice(house.view_worlds)
    number = rng.getrandbits(62)
    query = numbered(world, number, is_risky=is_risky)
    while (holding and holding not in query.seen) or without in query.seen:
        number += 1
        query = numbered(world, number, is_risky=is_risky)
    return Example(world, number, query, rng.choice(NAMES))


def with_seed(
    house: AnyHouse, seed: int, count: int, *, is_risky: bool = False, holding: str = "", without: str = ""
) -> Iterator[Example]:
    """Yield the first examples of a seed."""
    for index in range(count):
        yield example(house, seed, index, is_risky=is_risky, holding=holding, without=without)


def run_block(house: AnyHouse, seed: int, start: int, stop: int) -> Block:
    """Check the examples from `start` up to and without `stop`."""
    block = Block(start)
    for index in range(start, stop):
        _run_one(house, seed, index, block)
    # What is kept of statements takes as long to walk as forty of them take to ask.
    if stop % COLLECTED_EVERY < stop - start:
        gc.collect()
    return block


def _run_one(house: AnyHouse, seed: int, index: int, block: Block) -> None:
    one = example(house, seed, index)
    check, wrong, verdict = judge(one, one.query, house)
    block.counts["asked"] += 1
    block.counts.update(one.query.seen)
    became = outcomes(verdict)
    block.counts.update(became)
    if "rows" in became:
        block.counts.update(f"{name} with rows" for name in one.query.seen)
    if "refused" in became:
        block.refused.append(f"{verdict.answer.reason}\n{one.query.sql}")
    if not wrong:
        return
    name = explained(house.engine, one.query.sql, wrong)
    if name:
        block.counts[f"the engine's: {name}"] += 1
        return
    block.counts["violations"] += 1
    block.findings.append(_finding(one, index, check, wrong, house))


def judge(one: Example, query: Query, house: AnyHouse) -> tuple[str, str, Verdict]:
    """Return (which check, what is wrong or nothing, the comparison with the twin) for a query."""
    verdict = lie(query, one.world, house)
    error = verdict.answer.error
    if isinstance(error, GuardFailed) or (error is not None and DEFECT in error.agent_text):
        return "verify", verdict.answer.reason, verdict
    if is_gone(verdict.answer):
        return "harm", f"the server is gone: {verdict.answer.reason}", verdict
    if verdict.wrong:
        return "transparency", verdict.wrong, verdict
    if verdict.answer.is_refusal:
        return "", "", verdict
    wrong, _ = leak(query, one.world, house, one.neighbour, verdict.answer)
    if wrong:
        there = house.ask(one.world.role, one.world.source, query.sql, over=one.neighbour)
        if fails_by_plan(verdict.answer, there, query, one.world, house):
            return "", "", replace(verdict, is_by_plan=True)
        if is_ordered_by_plan(verdict.answer, there, query, one.world, house):
            wrong = f"{PLANS_DISAGREE}: {wrong}"
    return "non-interference", wrong, verdict


def _finding(one: Example, index: int, check: str, wrong: str, house: AnyHouse) -> Finding:
    is_wrong = _also_wrong(one, check, wrong, house)
    small = reduced(smallest(one.world, one.number, is_wrong), house.dialect, is_wrong)
    asked = f"{one.world.role} on {one.world.source} against {one.neighbour}"
    return Finding(index, check, wrong, asked, one.query.sql, small.sql)


def _also_wrong(one: Example, check: str, wrong: str, house: AnyHouse) -> Callable[[Query], bool]:
    def is_wrong(query: Query) -> bool:
        by, found, _ = judge(replace(one, query=query), query, house)
        alike = bool(found) and by == check and way_of(found) == way_of(wrong)
        return alike and not explained(house.engine, query.sql, found)

    return is_wrong


def way_of(wrong: str) -> str:
    """Return in which way something is wrong, so that a smaller query is not wrong in another one."""
    if re.match(r"\d+ rows for|in order|cut rows|more rows", wrong):
        return "rows"
    both = re.match(r"guarded: (rows|ERROR \w+).*; twin: (\w+)", wrong, re.DOTALL)
    return " ".join(both.groups()) if both else " ".join(wrong.split()[:1])


def outcomes(verdict: Verdict) -> list[str]:
    """Return what became of a query, for the counts."""
    answer: Answer = verdict.answer
    if answer.is_refusal:
        return ["both refuse"] if verdict.twin.failure else ["refused"]
    outcomes = ["undecided"] if verdict.is_undecided else [BY_PLAN] if verdict.is_by_plan else []
    if answer.result is None:
        return [*outcomes, "failed"]
    return [*outcomes, "rows" if answer.result.rows else "no rows"]


def written(finding: Finding, dialect: str, seed: int) -> str:
    """Return a finding as text, with the way to ask it again."""
    again = f"make fuzz ENGINE={dialect} SEED={seed} AT={finding.index}"
    parts = (
        f"{finding.check}: {finding.asked} (seed {seed}, index {finding.index})",
        finding.wrong,
        f"small:\n{finding.smallest}",
        f"as generated:\n{finding.sql}",
        f"again: {again}",
    )
    return "\n\n".join(parts) + "\n"


def kept(folder: Path, findings: list[Finding], dialect: str, seed: int) -> None:
    """Write each finding to a file of its own."""
    for finding in findings:
        path = folder / f"finding-{finding.index}.txt"
        path.write_text(written(finding, dialect, seed), encoding="utf-8")
