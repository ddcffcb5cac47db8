"""The two invariants as functions of one query: they return what is wrong, or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from lucky_mcp.errors import Code
from lucky_mcp.model.result import Truncation
from tests.support.generator_house import Answer
from tests.support.generator_queries import Query
from tests.support.generator_schema import World
from tests.support.plain_databases import Plain

GONE = "cannot be reached"
ON_A_VALUE = "the query failed while it ran: a value"
ENGINE_ASSERTS = "INTERNAL Error"
# The guarded rows are the twin's by another plan: without its optimizer, or on a server by any plan that is tried.
PLANS_DISAGREE = "the copy's own plans disagree"
# The guarded rows are the twin's where each reader of a WITH entry has a table of its own (decision 0049).
A_TABLE_EACH = "the copy has it with a table for each reader"
Rows = Sequence[tuple[object, ...]]


class AnyHouse(Protocol):
    """What the checks ask: a guard over neighbouring databases, and the same queries without one."""

    @property
    def engine(self) -> str:
        """Under which name differences are listed."""

    @property
    def dialect(self) -> str:
        """What the queries are written in."""

    @property
    def worlds(self) -> Sequence[World]:
        """Who asks of what."""

    @property
    def view_worlds(self) -> Sequence[World]:
        """Who asks of views; may be empty."""

    @property
    def plans_vary(self) -> bool:
        """Whether the engine joins in the order that its statistics suggest."""

    def ask(self, role: str, source: str, sql: str, *, over: str = "base") -> Answer:
        """Ask through the guard, over the base data or a neighbour of it."""

    def plans(self, role: str, source: str, sql: str) -> Iterator[Plain]:
        """Yield the clean twin's answers, the plain one first, then those of other plans.

        SQL leaves open which rows a failing expression meets, so an answer that some plan over the twin gives
        is no lie. (Whether it depends on hidden rows is the other invariant's question.)
        """

    def with_a_table_each(self, role: str, source: str, sql: str) -> Iterator[Plain]:
        """Yield the clean twin's answers without a defect that a server has in reading WITH entries."""

    def as_written(self, role: str, source: str, sql: str) -> Plain:
        """Ask the twin with as little optimized as can be."""

    def holds(self, role: str, text: str) -> bool:
        """Whether some cell that the role sees is this text, where plans vary."""

    def unguarded(self, source: str, sql: str) -> Plain:
        """Ask the raw data."""


@dataclass(frozen=True)
class Verdict:
    """What a comparison with the twin came to: `wrong` says what differs; undecided ones are counted."""

    wrong: str
    answer: Answer
    twin: Plain
    is_undecided: bool = False
    is_by_plan: bool = False


def lie(query: Query, world: World, house: AnyHouse) -> Verdict:
    """Compare the guarded answer with the clean twin's."""
    answer = house.ask(world.role, world.source, query.sql)
    plans = house.plans(world.role, world.source, query.sql)
    twin = next(plans)
    if answer.is_refusal:
        return Verdict("", answer, twin)
    if is_stopped(answer) or twin.is_cut or twin.gave_up:
        return Verdict("", answer, twin, is_undecided=True)
    for plan in chain([twin], plans):
        if (answer.result is None) == bool(plan.failure):
            wrong = _other_rows(answer, plan, query, world) if answer.result else ""
            if wrong and plan is twin:
                wrong = _settled_by_plans(wrong, answer, query, world, house)
            return Verdict(wrong, answer, plan)
    # No engine has to compute what nothing needs: rows from the guard where the twin fails on a value are no lie.
    if answer.result is not None and twin.on_a_value:
        return Verdict("", answer, twin, is_undecided=True)
    if _failed_on_a_visible_value(answer, world, house):
        return Verdict("", answer, twin, is_by_plan=True)
    return Verdict(f"guarded: {answer.reason}; twin: {twin.failure or 'rows'}", answer, twin)


def _settled_by_plans(wrong: str, answer: Answer, query: Query, world: World, house: AnyHouse) -> str:
    """Say so where the rows are those of the twin by another plan: the plain query has two answers then."""
    asked = (world.role, world.source, query.sql)
    for plan in house.plans(*asked) if house.plans_vary else (house.as_written(*asked),):
        if not plan.failure and not _other_rows(answer, plan, query, world):
            return f"{PLANS_DISAGREE}: {wrong}"
    for plan in house.with_a_table_each(*asked):
        if not plan.failure and not _other_rows(answer, plan, query, world):
            return f"{A_TABLE_EACH}: {wrong}"
    return wrong


def _failed_on_a_visible_value(answer: Answer, world: World, house: AnyHouse) -> bool:
    """Whether the server names the value that it failed on, and the role sees that value: other plans meet it too."""
    if ON_A_VALUE not in answer.text or answer.error is None:
        return False
    named = re.search(r'"(.*)"', answer.error.audit_detail or "", re.DOTALL)
    return named is not None and house.holds(world.role, named.group(1))


def is_gone(answer: Answer) -> bool:
    """Whether nothing answers any more, where nobody stopped it: the query ended its server."""
    error = answer.error
    return error is not None and error.code is Code.SOURCE_UNAVAILABLE and GONE in error.agent_text


def is_stopped(answer: Answer) -> bool:
    """Whether the answer says nothing: the engine was stopped, or an assertion of its own failed."""
    error = answer.error
    return error is not None and (
        error.code is Code.TIMEOUT or (error.audit_detail or "").startswith(ENGINE_ASSERTS)
    )


def _other_rows(answer: Answer, twin: Plain, query: Query, world: World) -> str:
    assert answer.result is not None
    if answer.result.columns != twin.columns:
        return f"columns {answer.result.columns} instead of {twin.columns}"
    if answer.result.cells_cut:
        return "" if len(answer.result.rows) <= len(twin.rows) else "more rows, some with long cells"
    found, expected = shown(answer.result.rows, world), shown(twin.rows, world)
    if answer.result.truncation is not Truncation.NONE:
        return "cut rows are not the twin's" if Counter(found) - Counter(expected) else ""
    # An ORDER BY that names the first of several columns of a name leaves ties: `a`, `a_1` are two of them.
    names = [re.sub(r"_\d+$", "", name.lower()) for name in twin.columns]
    if query.is_ordered and len(set(names)) == len(names) and found != expected:
        return f"in order {found[:3]} instead of {expected[:3]}"
    missing, extra = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    if missing or extra:
        return f"{len(found)} rows for {len(expected)}: extra {list(extra)[:3]}, missing {list(missing)[:3]}"
    return ""


def leak(
    query: Query, world: World, house: AnyHouse, neighbour: str, known: Answer | None = None
) -> tuple[str, Answer]:
    """Compare the answers over two databases that the role cannot tell apart; `known` is the first, if asked."""
    here = known or house.ask(world.role, world.source, query.sql)
    there = house.ask(world.role, world.source, query.sql, over=neighbour)
    if is_stopped(here) or is_stopped(there):
        return "", here
    left, right = told(here, query, world), told(there, query, world)
    for part, value in left.items():
        if value != right[part]:
            return f"{part} {_short(value)} or {_short(right[part])} ({here.reason} / {there.reason})", here
    return "", here


def fails_by_plan(here: Answer, there: Answer, query: Query, world: World, house: AnyHouse) -> bool:
    """Whether one answer has rows, the other failed on a value, and the twin fails on one by some plan.

    Then visible rows fail, and whether they are met depends on the join that the planner chose. It chooses by
    statistics that count hidden rows too, which no statement of ours keeps from it (decision 0012).
    """
    if not house.plans_vary or (here.result is None) == (there.result is None):
        return False
    failed = there if here.result else here
    if _failed_on_a_visible_value(failed, world, house):
        return True
    plans = house.plans(world.role, world.source, query.sql)
    return ON_A_VALUE in failed.text and any(plan.on_a_value for plan in plans)


def is_ordered_by_plan(here: Answer, there: Answer, query: Query, world: World, house: AnyHouse) -> bool:
    """Whether the answers differ in the order of their rows alone, and the twin gives either by some plan.

    A server sorts by what it takes for different: by a constant it does not, though it shows NULL beside it.
    """
    if not house.plans_vary or here.result is None or there.result is None:
        return False
    left, right = (told(each, query, world) for each in (here, there))
    orders = [shown(each.result.rows, world) for each in (here, there) if each.result]
    if {**left, "rows": None} != {**right, "rows": None} or Counter(orders[0]) != Counter(orders[1]):
        return False
    known = [shown(plan.rows, world) for plan in house.plans(world.role, world.source, query.sql)]
    return all(each in known for each in orders)


def told(answer: Answer, query: Query, world: World) -> dict[str, object]:
    """Return everything that an agent learns from an answer but its time and its id."""
    if answer.result is None:
        return {"error": answer.text, "rows": None}
    result = answer.result
    rows = shown(result.rows, world)
    is_cut = result.truncation is not Truncation.NONE
    return {
        "error": "",
        "rows": len(rows) if is_cut else rows if query.is_ordered else Counter(rows),
        "columns": result.columns,
        "truncation": result.truncation,
        "bounds": (result.rows_max, result.rows_cap, result.cells_cut, 0 if is_cut else result.bytes),
        "filters": result.receipt.filters,
        "masked": result.receipt.masked,
        "not filtered": (result.receipt.not_filtered, result.receipt.notes),
        "digests": result.receipt.digests,
    }


def touches_hidden(query: Query, world: World, house: AnyHouse, twin: Plain) -> bool:
    """Whether the plain query over the raw data answers otherwise than over the clean twin."""
    raw = house.unguarded(world.source, query.sql)
    if bool(raw.failure) != bool(twin.failure):
        return True
    return not raw.failure and Counter(shown(raw.rows, world)) != Counter(shown(twin.rows, world))


def shown(rows: Rows, world: World) -> list[tuple[str, ...]]:
    """Return rows for comparison: floats to nine digits, and in MySQL, whose text has no case, without case."""
    return [tuple(_cell(cell, world) for cell in row) for row in rows]


def _cell(cell: object, world: World) -> str:
    if isinstance(cell, float):
        return f"{cell:.9g}"
    if isinstance(cell, str) and world.folds_text:
        return f"str:{cell.casefold()}"
    return f"{type(cell).__name__}:{cell}"


def _short(value: object) -> str:
    return str(value)[:300]
