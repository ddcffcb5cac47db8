"""A long run can be stopped, gone on with and looked into: the place, the counts and the findings are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from lucky_mcp.demo.tables import Fleet
from tests.properties import run_fuzz
from tests.properties.long_run import example
from tests.properties.mutants_policy import reference_dropped
from tests.properties.mutation import Mutant, broken
from tests.properties.run_fuzz import State, loaded, report, run, single
from tests.support.generator_house import House
from tests.support.generator_house import house as built

SEED = 3


@pytest.fixture(autouse=True)
def kept_here(tmp_path: Path, mysql_house: House, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the state below a folder of the test's own, and ask a house that stands already."""
    monkeypatch.setattr(run_fuzz, "STATE", tmp_path)
    monkeypatch.setattr(run_fuzz, "BLOCK", 3)
    monkeypatch.setitem(run_fuzz._house, "mysql", mysql_house)
    return tmp_path


def _asked(number: int, *, restart: bool = False) -> State:
    state = loaded("mysql", SEED, restart=restart)
    run(state, number, 1)
    return state


def test_a_run_goes_on_where_the_last_one_ended() -> None:
    assert _asked(5).next == 5
    in_two = _asked(14)
    at_once = _asked(14, restart=True)
    assert in_two.next == at_once.next == 14
    assert in_two.counts == at_once.counts
    assert in_two.counts["asked"] == 14
    assert _asked(14).counts == at_once.counts  # nothing is asked twice


def test_a_finding_is_kept_and_can_be_asked_again(kept_here: Path) -> None:
    with broken(Mutant(reference_dropped, by="properties")):
        state = _asked(30)
        files = sorted((kept_here / f"mysql-{SEED}").glob("finding-*.txt"))
        assert files
        assert len(files) == state.counts["violations"]
        index = int(files[0].stem.removeprefix("finding-"))
        assert f"AT={index}" in files[0].read_text(encoding="utf-8")
        assert [each.index for each in single("mysql", SEED, index)] == [index]
    assert f"{len(files)} violations" in report(state)
    assert single("mysql", SEED, index) == []


def test_a_seed_and_an_index_give_the_same_query_in_every_run(
    mysql_house: House, sharp_fleet: Fleet, project_root: Path, tmp_path: Path
) -> None:
    other = built(sharp_fleet, project_root / "policies", tmp_path / "other", "mysql")
    for index in (0, 7, 123_456):
        assert str(example(mysql_house, SEED, index)) == str(example(other, SEED, index))
    other.close()
