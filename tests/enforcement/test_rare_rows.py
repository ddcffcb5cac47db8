"""What a guard counts under a floor: rows that show the same, masks included."""

from __future__ import annotations

import duckdb
from sqlglot import exp

from lucky_mcp.decision.rare_rows import with_floors
from lucky_mcp.enforcement.mask_forms import mask_expression
from lucky_mcp.enforcement.predicates import qualified
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.model.decision import MaskName, Rule, VisibleColumn
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.policy.policy_set import FloorRule

FLOOR = FloorRule(k_min=3, by=("gender", "born"), rule=Rule(id="floor"))
GENDER = VisibleColumn(name="gender", type="VARCHAR")
ROWS = [("F", f"1990-0{month}-01") for month in (1, 2, 3)] + [("F", "1991-01-01"), ("M", "1990-01-01")]


def answer(*columns: VisibleColumn) -> list[tuple[object, ...]]:
    shown = [
        mask_expression(each, qualified(each.name, "t"), Dialect.DUCKDB)
        for each in with_floors(columns, [FLOOR])
    ]
    text = render_engine(exp.select(*shown).from_("t"), Dialect.DUCKDB, Kind.DUCKDB)
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE t (gender VARCHAR, born DATE)")
        engine.executemany("INSERT INTO t VALUES (?, ?)", ROWS)
        return [
            tuple(None if cell is None else str(cell) for cell in row)
            for row in engine.execute(text).fetchall()
        ]


def test_rows_of_one_year_agree_under_a_mask_that_shows_the_year() -> None:
    born = VisibleColumn(name="born", type="DATE", mask=MaskName.YEAR)
    assert sorted(answer(GENDER, born), key=str) == [("F", "1990-01-01")] * 3 + [(None, None)] * 2


def test_days_are_rare_where_they_are_shown() -> None:
    assert answer(GENDER, VisibleColumn(name="born", type="DATE")) == [(None, None)] * 5
