"""Filters as SQL: every operator and every kind of value, also those that no reviewed contract uses today."""

from datetime import date

import pytest

from lucky_mcp.enforcement.predicates import predicate_expression
from lucky_mcp.model.predicate import Compare, Either, Every, Known, Member, Predicate

LESS = Compare(column="a", operator="<", value=1)
MORE = Compare(column="b", operator=">", value=2)


@pytest.mark.parametrize(
    ("predicate", "text"),
    [
        *(
            (Compare(column="a", operator=each, value=1), f'x."a" {each} 1')
            for each in ["=", "<>", "<", "<=", ">", ">="]
        ),
        (Compare(column="a", operator="=", value="O'Neil"), "x.\"a\" = 'O''Neil'"),
        (Compare(column="a", operator="=", value=-5), 'x."a" = -5'),
        (Compare(column="a", operator="=", value=False), 'x."a" = FALSE'),
        (Compare(column="a", operator=">=", value=date(2026, 2, 1)), "x.\"a\" >= CAST('2026-02-01' AS DATE)"),
        (Member(column="a", values=(1, "b'"), origin=":ref.r"), "x.\"a\" IN (1, 'b''')"),
        (Known(column="a"), 'NOT x."a" IS NULL'),
        (Every(parts=(LESS, MORE)), '(x."a" < 1) AND (x."b" > 2)'),
        (Either(parts=(LESS, MORE)), '(x."a" < 1) OR (x."b" > 2)'),
    ],
)
def test_a_filter_reads_as_it_is_meant(predicate: Predicate, text: str) -> None:
    assert predicate_expression(predicate, "x").sql("duckdb") == text
