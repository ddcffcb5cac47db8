"""The checks can fail: each defect, put in by hand, is noticed within a few examples or by a test of the suite.

Here one defect of each source file is asked of the suite's tests; `make mutants` asks all and writes the page.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import read_page
from tests.properties import injection
from tests.properties.injection import Stale, forget, injected
from tests.properties.mutants_edits import EditMutant, edit_mutants
from tests.properties.mutants_page import PAGE
from tests.properties.mutation import EXAMPLES, Mutant, broken, judged, nothing
from tests.properties.run_mutants import QUERY_MUTANTS, chosen_edits
from tests.support.generator_house import House

ROOMS = ("sql", "decision", "enforcement")


@pytest.mark.parametrize("mutant", QUERY_MUTANTS, ids=lambda mutant: mutant.title)
def test_a_defect_is_noticed(mutant: Mutant, request: pytest.FixtureRequest) -> None:
    verdict = judged(house_of(mutant, request), mutant)
    assert verdict.by == mutant.by, f"{mutant.title}: {verdict}"


def house_of(mutant: Mutant, request: pytest.FixtureRequest) -> House:
    found: House = request.getfixturevalue("join_ordered_house" if mutant.is_join_ordered else "mysql_house")
    return found


@pytest.mark.parametrize(
    ("whole", "examples"),
    [
        (Mutant(nothing, by="nobody"), EXAMPLES),
        (Mutant(nothing, by="nobody", is_risky=True, holding="probe"), EXAMPLES // 2),
        (Mutant(nothing, by="nobody", is_risky=True, holding="probe", is_join_ordered=True), EXAMPLES // 2),
        (Mutant(nothing, by="nobody", holding="shadow_cte"), EXAMPLES // 5),
    ],
)
def test_the_whole_guard_passes_the_same_examples(
    whole: Mutant, examples: int, request: pytest.FixtureRequest
) -> None:
    assert not judged(house_of(whole, request), whole, examples, seeds=1).killer


@pytest.mark.timeout(600)
def test_the_suite_notices_a_defect_of_each_file(project_root: Path) -> None:
    """In a process of its own, so that no defect can reach another test."""
    command = [sys.executable, "-m", "tests.properties.run_mutants", "--sample"]
    run = subprocess.run(command, cwd=project_root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert f"{len(chosen_edits('', is_sample=True))} defects" in run.stdout


@pytest.mark.parametrize("mutant", edit_mutants(), ids=lambda mutant: mutant.title)
def test_a_defect_can_still_be_put_in(mutant: EditMutant) -> None:
    """Stale: the code has changed; say in tests/cases/mutants what the defect is now."""
    with injected() as put:
        mutant.defect(put)
        assert put.places


@pytest.mark.parametrize("mutant", QUERY_MUTANTS, ids=lambda mutant: mutant.title)
def test_a_defect_by_name_can_still_be_put_in(mutant: Mutant) -> None:
    with broken(mutant) as put:
        assert put.places


def test_every_defect_is_on_the_page_with_what_notices_it(project_root: Path) -> None:
    read = read_page(project_root / PAGE)
    noticed = {row[0]: row[2] for row in read.tables("Defects")}
    counted = [mutant.title for mutant in edit_mutants() if not mutant.spare]
    titles = {*counted, *(mutant.title.replace("_", " ") for mutant in QUERY_MUTANTS)}
    assert set(noticed) == titles, "make mutants writes the page"
    assert all(noticed.values())
    assert len({mutant.defect for mutant in QUERY_MUTANTS} | set(counted)) >= 60
    spares = {row[0]: row[2] for row in read.tables("Spare locks")}
    assert spares == {mutant.title: mutant.spare for mutant in edit_mutants() if mutant.spare}


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_defects(room: str) -> None:
    files = [edit.file for mutant in edit_mutants() if not mutant.spare for edit in mutant.edits]
    assert sum(file.startswith(f"{room}/") for file in files) >= 20


def edited(file: str, old: str) -> None:
    with injected() as put:
        put.edit(file, old, "pass")


@pytest.mark.parametrize(
    ("file", "old"),
    [
        ("sql/depth.py", "no such text"),
        ("sql/depth.py", "def "),
        ("sql/depth.py", "from itertools import islice"),
    ],
)
def test_a_text_that_is_not_there_once_in_a_function_is_stale(file: str, old: str) -> None:
    with pytest.raises(Stale):
        edited(file, old)


def test_a_name_that_is_not_there_is_stale() -> None:
    with injected() as put, pytest.raises(Stale):
        put.setattr(injection, "no_such_name", None)


def test_a_defect_is_taken_back() -> None:
    from lucky_mcp.sql import depth

    before = (depth.DEPTH_MAX, depth.refuse_deep_tree.__code__)
    with injected() as put:
        put.edit("sql/depth.py", "DEPTH_MAX = 500", "DEPTH_MAX = 2")
        put.edit("sql/depth.py", "raise too_deep()", "return None")
        assert before[0] != depth.DEPTH_MAX
        assert before[1] is not depth.refuse_deep_tree.__code__
    assert before == (depth.DEPTH_MAX, depth.refuse_deep_tree.__code__)
    forget()
