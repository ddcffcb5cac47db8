"""What is read as a fact about a scan is one: the engine keeps no row of it that the fact excludes.

If the decision says that a scan is held to some keys or a range, then whatever joins and conditions there are,
the rows that the scan contributes are all within them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from lucky_mcp.decision.required import judge
from lucky_mcp.errors import ReadError
from lucky_mcp.model.decision import Requirement, Rule, TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.requirement import Equals, Fact, Named, Option, Range, Since, Until, Via
from lucky_mcp.sql import from_items, scan_conditions, scan_facts
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from tests.support.conditioned_queries import (
    CATALOG,
    COLUMNS,
    GRAMMAR,
    NOW,
    Conditioned,
    Row,
    conditioned,
    world,
)

Rows = dict[str, dict[int, Row]]
ORDERS = TableName(schema="main", table="orders")
EXAMPLES = 1000
SEARCH_MAX = 2500


@dataclass(frozen=True)
class Told:
    """What was read of a query, and what its answer says against it."""

    facts: int
    met: int
    against: tuple[str, ...]


@pytest.fixture(scope="module")
def engine() -> Iterator[tuple[duckdb.DuckDBPyConnection, Rows]]:
    database, rows = world()
    yield database, rows
    database.close()


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(random=st.randoms(use_true_random=False))
def test_no_row_is_outside_of_what_was_read(
    engine: tuple[duckdb.DuckDBPyConnection, Rows], random: Random
) -> None:
    query = conditioned(random)
    told = asked(query, *engine)
    assert told is None or not told.against, query.sql


def test_enough_is_read_for_that_to_mean_something(
    engine: tuple[duckdb.DuckDBPyConnection, Rows],
) -> None:
    told = [each for seed in range(600) if (each := asked(conditioned(Random(seed)), *engine)) is not None]
    shares = {
        "run": len(told) / 600,
        "with facts": sum(each.facts > 0 for each in told) / len(told),
        "met": sum(each.met > 0 for each in told) / len(told),
    }
    assert shares["run"] > 0.5, shares
    assert shares["with facts"] > 0.3, shares
    assert shares["met"] > 0.2, shares


def or_counts(patch: pytest.MonkeyPatch) -> None:
    """Parts of an OR are taken for parts of an AND."""

    def mutated(tree: exp.Expr) -> list[exp.Expr]:
        tree = tree.unnest()
        both = isinstance(tree, exp.And | exp.Or)
        return [*mutated(tree.this), *mutated(tree.expression)] if both else [tree]

    patch.setattr(scan_facts, "conjuncts", mutated)


def every_on_counts(patch: pytest.MonkeyPatch) -> None:
    """The ON of an outer join is taken to hold for both its sides."""
    patch.setattr(scan_conditions.Conditions, "holds", lambda self, condition, node: True)


def not_counts(patch: pytest.MonkeyPatch) -> None:
    """NOT is looked through."""
    original = scan_conditions.conjuncts

    def mutated(tree: exp.Expr) -> list[exp.Expr]:
        return [each.this.unnest() if isinstance(each, exp.Not) else each for each in original(tree)]

    patch.setattr(scan_facts, "conjuncts", mutated)


def every_name_is_ours(patch: pytest.MonkeyPatch) -> None:
    """A bare name is taken for the first item that has it."""
    original = from_items.FromItems._unqualified

    def mutated(self: from_items.FromItems, column: exp.Column, until: int) -> list[from_items.Place]:
        found = [place for at in range(until) for place in self._at(at, column)]
        return found[:1] or original(self, column, until)

    patch.setattr(from_items.FromItems, "_unqualified", mutated)


def later_items_are_seen(patch: pytest.MonkeyPatch) -> None:
    """An ON is read as if all items of the FROM were there, though a name may be an outer query's."""
    original = from_items.FromItems.places
    patch.setattr(from_items.FromItems, "places", lambda self, column, join: original(self, column, None))


def first_value_alone(patch: pytest.MonkeyPatch) -> None:
    """Of a list the first value is read."""
    original = scan_facts._Reader._of_values
    patch.setattr(
        scan_facts._Reader,
        "_of_values",
        lambda self, column, kind, values, join: original(self, column, kind, values[:1], join),
    )


def full_joins_merge(patch: pytest.MonkeyPatch) -> None:
    """A bare name that a RIGHT or FULL JOIN merged is taken for each side's own."""
    patch.setattr(from_items.FromItems, "_merges", lambda self, join, column: bool(join.args.get("using")))


def bounds_are_swapped(patch: pytest.MonkeyPatch) -> None:
    """An upper bound is read as a lower one, and the other way about."""
    lower, upper = scan_facts.LOWER, scan_facts.UPPER
    patch.setattr(scan_facts, "LOWER", upper)
    patch.setattr(scan_facts, "UPPER", lower)


DEFECTS = (
    *(or_counts, every_on_counts, not_counts, every_name_is_ours),
    *(first_value_alone, full_joins_merge, bounds_are_swapped),
)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: each.__name__)
def test_an_unsound_reading_is_found(
    engine: tuple[duckdb.DuckDBPyConnection, Rows],
    monkeypatch: pytest.MonkeyPatch,
    defect: Callable[[pytest.MonkeyPatch], None],
) -> None:
    defect(monkeypatch)
    for seed in count():
        assert seed < SEARCH_MAX, f"{defect.__name__} was not noticed in {SEARCH_MAX} queries"
        told = asked(conditioned(Random(seed)), *engine)
        if told is not None and told.against:
            return


CAPTURED = Conditioned(
    "SELECT l.* FROM orders AS c CROSS JOIN LATERAL (SELECT a.id AS id_a, b.id AS id_b, c.id AS id_c FROM items AS a"
    " JOIN items AS b ON a.k = c.k JOIN orders AS c ON TRUE WHERE c.k = 'a') AS l",
    (("orders", None), ("items", 0), ("items", 1), ("orders", 2)),
)


def test_an_alias_that_is_joined_later_is_the_outer_querys(
    engine: tuple[duckdb.DuckDBPyConnection, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asked(CAPTURED, *engine)
    assert told is not None
    assert not told.against
    later_items_are_seen(monkeypatch)
    told = asked(CAPTURED, *engine)
    assert told is not None
    assert told.against, "the engine takes the outer query's"


MERGED = (
    "SELECT a.id AS id_a, b.id AS id_b FROM items AS a LEFT JOIN orders AS b USING (n, k)"
    " WHERE n = n AND k = 'a'"
)


def test_what_a_left_join_merged_may_be_missing_on_its_right(
    engine: tuple[duckdb.DuckDBPyConnection, Rows],
) -> None:
    """Found by the property: the left side is not held by what it may have no match in."""
    told = asked(Conditioned(MERGED, (("items", 0), ("orders", 1))), *engine)
    assert told is not None
    assert not told.against


def asked(query: Conditioned, database: duckdb.DuckDBPyConnection, rows: Rows) -> Told | None:
    """Read the query and run it; None where the gateway or the engine refuses it."""
    try:
        answer = database.execute(query.sql).fetchall()
        resolved = resolve(parse(query.sql, GRAMMAR), GRAMMAR, CATALOG, "main")
    except (duckdb.Error, ReadError):
        return None
    facts = scan_facts.scan_facts(resolved.scans, GRAMMAR, COLUMNS, NOW)
    assert [scan.table.table for scan in resolved.scans] == [table for table, _ in query.scans]
    kept = [_kept(query, at, answer, rows) for at in range(len(query.scans))]
    found = [line for at, each in enumerate(facts) for fact in each for line in _against(fact, at, kept)]
    met = 0
    for options in REQUIRED:
        decisions = [_decision(table, options) for table, _ in query.scans]
        judged = judge(decisions, facts, NOW)
        unmet = {at for at, _ in judged.unmet}
        for at in range(len(decisions)):
            if decisions[at].requires and at not in unmet and query.scans[at][1] is not None:
                met += 1
                found += _outside(options, kept[at])
    return Told(facts=sum(map(len, facts)), met=met, against=tuple(found[:3]))


REQUIRED: tuple[tuple[Option, ...], ...] = (
    (Equals(column="k"),),
    (Equals(column="n", values_max=2),),
    (Range(column="t", days_max=5),),
    (Via(column="n", parent=ORDERS),),
)


def _decision(table: str, options: tuple[Option, ...]) -> TableDecision:
    """Orders that items are reached through require a key themselves."""
    name = TableName(schema="main", table=table)
    if isinstance(options[0], Via) and table == "orders":
        options = (Equals(column="k"),)
    known = {column.name for column in COLUMNS[name]}
    rule = Rule(id="r")
    requires = (Requirement(options=options, rule=rule),) if options[0].column in known else ()
    return TableDecision(table=name, columns=COLUMNS[name], filters=(), requires=requires)


def _kept(query: Conditioned, at: int, answer: list[tuple[int | None, ...]], rows: Rows) -> list[Row | None]:
    """The row of a scan in each row of the answer; None where an outer join had none for it."""
    table, shown = query.scans[at]
    if shown is None:
        return []
    numbers = [line[shown] for line in answer]
    return [None if number is None else rows[table][number] for number in numbers]


def _against(fact: Fact, at: int, kept: list[list[Row | None]]) -> Iterator[str]:
    for line, row in enumerate(kept[at]):
        if row is None:
            continue
        value = row[fact.column]
        if isinstance(fact, Named):
            held = value is not None and str(value) in fact.values
        elif isinstance(fact, Since):
            held = value is not None and value >= fact.at
        elif isinstance(fact, Until):
            held = value is not None and value <= fact.at
        else:
            others = kept[fact.other]
            if not others:
                continue
            other = others[line]
            held = value is not None and other is not None and other[fact.other_column] == value
        if not held:
            yield f"scan {at}: {fact} does not hold for {row}"


def _outside(options: tuple[Option, ...], kept: list[Row | None]) -> list[str]:
    """What the rows that a scan contributes have beyond what it was required to be held to."""
    option, rows = options[0], [row for row in kept if row is not None]
    values = {row[option.column] for row in rows if option.column in row}
    if isinstance(option, Equals) and len(values) > option.values_max:
        return [f"{option} is met with {values}"]
    if isinstance(option, Range) and values and None in values:
        return [f"{option} is met with NULL"]
    return []
