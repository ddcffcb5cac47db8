"""docs/sql-support.md is what its rows and their cases make of it, and no cell of it goes untested."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lucky_mcp.model.source import Dialect
from tests.support.cases import CASES, RefusalCase
from tests.support.constructs import GROUPS, LISTED, case_title, constructs, known_cases
from tests.support.support_page import ABSENT, NO, PAGE, YES, cell, page

ROWS = constructs()
KNOWN = known_cases()
CELLS = [(row, dialect) for row in ROWS for dialect in Dialect]


def test_the_page_is_what_is_made_of_the_cases() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_row_has_its_own_name() -> None:
    assert {name: count for name, count in Counter(row.name for row in ROWS).items() if count > 1} == {}


def test_every_cell_of_every_dialect_is_a_case_of_its_text() -> None:
    assert [case_title(*each) for each in CELLS if case_title(*each) not in KNOWN] == []
    for row, dialect in CELLS:
        case = KNOWN[case_title(row, dialect)]
        folder = "refused" if isinstance(case, RefusalCase) else "rewrite"
        assert case.place.startswith(f"{folder}/{dialect}/matrix_{row.file}.yaml:"), case.place
        said = (case.sql, case.source, case.role, case.dialect)
        assert said == (row.text(dialect), row.source, row.role, row.spoken(dialect))


def test_no_case_of_the_matrix_is_left_over() -> None:
    titles = {case_title(*each) for each in CELLS}
    assert [
        case.place for case in KNOWN.values() if "/matrix_" in case.place and case.title not in titles
    ] == []


def test_every_refusal_says_what_and_the_page_says_why() -> None:
    for row, dialect in CELLS:
        case = KNOWN[case_title(row, dialect)]
        if isinstance(case, RefusalCase):
            assert case.text, case.title
        assert bool(row.reason(dialect)) or cell(row, dialect, KNOWN) != NO, case.title


def test_no_reason_is_left_over() -> None:
    refused = {row.name for row, dialect in CELLS if cell(row, dialect, KNOWN) == NO}
    assert [row.name for row in ROWS if row.why and row.name not in refused] == []


def test_every_dialect_reads_most_of_what_it_has() -> None:
    for dialect in Dialect:
        said = Counter(cell(row, dialect, KNOWN) for row in ROWS)
        assert said[YES] > said[NO] > 0, dialect
        assert said[YES] >= 200, dialect
        assert said[ABSENT] > 0, dialect


def test_a_row_that_nobody_would_read_is_a_fault(tmp_path: Path) -> None:
    for name in GROUPS:
        (tmp_path / f"{name}.yaml").write_bytes((LISTED / f"{name}.yaml").read_bytes())
    first = tmp_path / f"{GROUPS[0]}.yaml"
    for text, said in [
        ("group: G\nconstructs:\n  x: {sql: SELECT 1, mssql: SELECT 2}\n", "mssql"),
        ("group: G\nconstructs:\n  x: {mysql: SELECT 1}\n", "sql is missing"),
        ("group: G\nrule: r\nconstructs:\n  x: {sql: SELECT 1}\n", "rule"),
        ("group: G\nconstructs:\n  x: {sql: SELECT 1, absent: [oracle]}\n", "oracle"),
        ("group: G\nconstructs:\n  x: {sql: SELECT 1, why: {oracle: no}}\n", "oracle"),
    ]:
        first.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            constructs(tmp_path)
    first.unlink()
    with pytest.raises(ValueError, match=GROUPS[0]):
        constructs(tmp_path)


def test_the_files_of_the_cells_are_those_of_the_groups() -> None:
    found = {path.stem for path in CASES.glob("r*/*/matrix_*.yaml")}
    assert found == {f"matrix_{name}" for name in GROUPS}
