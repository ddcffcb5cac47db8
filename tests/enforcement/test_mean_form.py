"""The mean of a group as SQL, asked of the embedded engine; tests/live/test_averages.py asks real servers."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from lucky_mcp.enforcement.mean_form import mean_expression
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.model.decision import Averaged, MaskName, VisibleColumn
from lucky_mcp.model.source import Dialect, Kind

Row = tuple[str | None, str | None, int | None]
FOUR_ROWS: list[Row] = [("a", f"p{n % 3}", n) for n in range(4)]
FOUR_PERSONS: list[Row] = [("b", f"p{n}", n) for n in range(4)]
THREE_ROWS: list[Row] = [("c", f"p{n}", n) for n in range(3)]
NOBODYS: list[Row] = [("c", None, 5)]
WITHOUT_VALUE: list[Row] = [("c", "p9", None)]


def means(rows: list[Row], *, person: str) -> set[tuple[str | None, float | None]]:
    averaged = Averaged(group_min=4, by=("g",), person=person)
    column = VisibleColumn(name="v", type="INT", mask=MaskName.MEAN, averaged=averaged)
    select = exp.select(exp.column("g", table="t"), mean_expression(column, "t")).from_("t")
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE t (g VARCHAR, p VARCHAR, v INT)")
        engine.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        found = engine.execute(render_engine(select, Dialect.DUCKDB, Kind.DUCKDB)).fetchall()
    return {(group, None if mean is None else float(mean)) for group, mean in found}


@pytest.mark.parametrize(
    ("rows", "person", "expected"),
    [
        (FOUR_ROWS, "", {("a", 1.5)}),
        (FOUR_ROWS, "p", {("a", None)}),
        (FOUR_PERSONS, "p", {("b", 1.5)}),
        (THREE_ROWS, "", {("c", None)}),
        (THREE_ROWS + NOBODYS, "", {("c", 2.0)}),
        (THREE_ROWS + NOBODYS, "p", {("c", None)}),
        (THREE_ROWS + WITHOUT_VALUE, "", {("c", None)}),
        (THREE_ROWS + WITHOUT_VALUE, "p", {("c", None)}),
        (FOUR_PERSONS + FOUR_ROWS[:2], "p", {("a", None), ("b", 1.5)}),
    ],
)
def test_a_group_has_a_mean_where_enough_are_in_it(
    rows: list[Row], person: str, expected: set[tuple[str | None, float | None]]
) -> None:
    assert means(rows, person=person) == expected
