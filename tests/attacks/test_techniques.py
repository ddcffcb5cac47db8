"""The techniques are many, each is said once, and what the page counts is what the files hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks import techniques as module
from tests.attacks.mutations import MUTATIONS, mutations
from tests.attacks.page import counted, written
from tests.attacks.techniques import EMBEDDED, ON_SERVERS, techniques

LEAST = 500


def test_there_are_enough() -> None:
    assert len(techniques()) >= LEAST
    assert all(any(each.on(engine) for engine in (*EMBEDDED, *ON_SERVERS)) for each in techniques())


def test_the_page_counts_what_there_is(project_root: Path) -> None:
    page = (project_root / "docs" / "assurance.md").read_text(encoding="utf-8")
    assert written(counted(techniques())) in page, "run: python -m tests.attacks.page"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("class: x\ntechniques: [{id: a, why: w, sql: SELECT 1}, {id: a, why: w, sql: SELECT 2}]", "twice"),
        (
            "class: x\ntechniques: [{id: a, why: w, sql: SELECT 1}, {id: b, why: w, sql: SELECT  1}]",
            "asks what",
        ),
        ("class: x\ntechniques: [{id: a, sql: SELECT 1}]", "too little"),
        ("class: x\ntechniques: [{id: a, why: w}]", "too little"),
        ("class: x\ntechniques: [{id: a, why: w, sql: {oracle: SELECT 1}}]", "no family"),
        ("class: x\ntechniques: [{id: a, why: w, sql: SELECT 1, code: REFUSED}]", "unknown"),
    ],
)
def test_a_faulty_file_is_refused(
    text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=why):
        techniques.__wrapped__()


def test_mutations_are_other_texts_and_always_the_same() -> None:
    text = "SELECT phone FROM t_user WHERE user_no = 'aB' AND group_no = 7"
    made = dict(mutations(text, "mysql"))
    assert made == dict(mutations(text, "mysql"))
    assert set(made) == set(MUTATIONS) and text not in made.values() and len(set(made.values())) == len(made)
    assert made["upper case"] == "SELECT PHONE FROM T_USER WHERE USER_NO = 'aB' AND GROUP_NO = 7"
    assert "'aB'" in made["comments for blanks"] and " " not in made["comments for blanks"]
    assert "executable blanks" not in dict(mutations(text, "postgres"))
    assert "WITH" not in dict(mutations("DELETE FROM t_user", "mysql"))
