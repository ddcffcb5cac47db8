"""The loader of the case files: whatever would silently not be tested is a fault, named with its place."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.model.source import Dialect
from tests.support.cases import (
    CaseFault,
    RefusalCase,
    RewriteCase,
    as_csv,
    mask_cases,
    one_space,
    refusal_cases,
    rewrite_cases,
    with_guards,
    without_literals,
)

HEAD = "source: s\nrole: analyst\ncases:\n"
FULL = "  - {title: a, sql: SELECT 1, sent: SELECT 1 LIMIT 2, rows: '1'}\n"

REWRITE_FAULTS = [
    ("an empty file", "", "empty"),
    ("a list", "- a\n", "no mapping"),
    ("no cases", "source: s\nrole: analyst\n", "no cases"),
    ("an empty list of cases", "source: s\nrole: analyst\ncases: []\n", "no cases"),
    ("cases that are no list", "cases: {a: 1}\n", "no cases"),
    ("an unknown key of the file", f"{HEAD}{FULL}extra: 1\n", "unknown key 'extra'"),
    (
        "an unknown key of a case",
        HEAD + "  - {title: a, sql: SELECT 1, sent: x, rows: '', row: 1}\n",
        "unknown key 'row'",
    ),
    (
        "a misspelt expectation",
        HEAD + "  - {title: a, sql: SELECT 1, send: x, rows: ''}\n",
        "unknown key 'send'",
    ),
    ("no title", HEAD + "  - {sql: SELECT 1, sent: x, rows: ''}\n", "title is missing"),
    ("no sql", HEAD + "  - {title: a, sent: x, rows: ''}\n", "sql is missing"),
    ("no source", "role: analyst\ncases:\n" + FULL, "source is missing"),
    ("no role", "source: s\ncases:\n" + FULL, "role is missing"),
    ("no golden text", HEAD + "  - {title: a, sql: SELECT 1, rows: '1'}\n", "no expectation"),
    ("no rows", HEAD + "  - {title: a, sql: SELECT 1, sent: x}\n", "no expectation"),
    ("a title twice", HEAD + FULL + FULL.replace("SELECT 1,", "SELECT a,"), "repeats"),
    ("the same query twice", HEAD + FULL + FULL.replace("title: a", "title: b"), "repeats"),
    (
        "the same query in other white space",
        HEAD + FULL + FULL.replace("title: a, sql: SELECT 1", "title: b, sql: 'SELECT   1'"),
        "repeats",
    ),
    (
        "the same query with another literal",
        HEAD + FULL + FULL.replace("title: a, sql: SELECT 1", "title: b, sql: SELECT 2"),
        "repeats",
    ),
    (
        "a key twice in a case",
        HEAD + "  - {title: a, title: b, sql: SELECT 1, sent: x, rows: ''}\n",
        "duplicate",
    ),
    ("a case that is a text", HEAD + "  - SELECT 1\n", "a case is a mapping"),
    ("no YAML", HEAD + "  - {title: a", "cases.yaml"),
    (
        "an unknown key of a built text",
        HEAD + "  - {title: a, sql: {repeat: x, time: 3}, sent: x, rows: ''}\n",
        "unknown key 'time'",
    ),
]


@pytest.mark.parametrize(
    ("text", "said"), [each[1:] for each in REWRITE_FAULTS], ids=[each[0] for each in REWRITE_FAULTS]
)
def test_a_faulty_rewrite_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "cases.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseFault, match=said):
        rewrite_cases(tmp_path)


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(HEAD + FULL, encoding="utf-8")
    (case,) = rewrite_cases(tmp_path)
    assert (case.title, case.role, case.source, case.sql, case.sent, case.rows) == (
        "a",
        "analyst",
        "s",
        "SELECT 1",
        "SELECT 1 LIMIT 2",
        "1",
    )
    assert case.place.endswith("cases.yaml:4")


def test_the_same_query_for_another_role_is_another_case(tmp_path: Path) -> None:
    other = FULL.replace("title: a", "title: b, role: data_engineer")
    (tmp_path / "cases.yaml").write_text(HEAD + FULL + other, encoding="utf-8")
    assert [case.role for case in rewrite_cases(tmp_path)] == ["analyst", "data_engineer"]


def test_repetition_is_seen_across_files(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(HEAD + FULL, encoding="utf-8")
    with pytest.raises(CaseFault, match=r"two\.yaml:4: 'a' repeats the case at .*one\.yaml:4"):
        rewrite_cases(tmp_path)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    for reader in (rewrite_cases, refusal_cases, mask_cases):
        with pytest.raises(CaseFault, match="no case file"):
            reader(tmp_path)


def test_unfilled_cases_pass_only_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(HEAD + "  - {title: a, sql: SELECT 1}\n", encoding="utf-8")
    assert [case.rows for case in rewrite_cases(tmp_path, unfilled=True)] == [None]
    with pytest.raises(CaseFault):
        rewrite_cases(tmp_path)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("{title: a, sql: SELECT 1}", "code is needed"),
        ("{title: a, sql: SELECT 1, code: X, texts: y}", "unknown key 'texts'"),
        ("{title: a, sql: SELECT 1, code: X, text: [1]}", "a phrase is a text"),
        ("{title: a, sql: SELECT 1, code: X, never: ['']}", "a phrase is a text"),
    ],
)
def test_a_faulty_refusal_is_refused(tmp_path: Path, case: str, said: str) -> None:
    (tmp_path / "cases.yaml").write_text(f"{HEAD}  - {case}\n", encoding="utf-8")
    with pytest.raises(CaseFault, match=said):
        refusal_cases(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "empty"),
        ("- {mask: last4, tags: [], cases: [{title: a, value: x}]}", "shown"),
        ("- {mask: last4, tags: [], cases: [{title: a, value: x, shown: y, more: z}]}", "more"),
        ("- {mask: last4, tag: [], cases: []}", "tag"),
    ],
)
def test_a_faulty_mask_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "cases.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseFault, match=said):
        mask_cases(tmp_path)


def test_a_long_text_is_built(tmp_path: Path) -> None:
    case = "{title: a, sql: {before: 'SELECT ', repeat: '(', times: 3, after: '1', close: ')'}, code: X}"
    (tmp_path / "cases.yaml").write_text(f"{HEAD}  - {case}\n", encoding="utf-8")
    assert refusal_cases(tmp_path)[0].sql == "SELECT (((1)))"


def test_golden_texts_are_compared_without_layout() -> None:
    guards = {"t": "(SELECT\n  a\n FROM b)"}
    assert with_guards("SELECT *\nFROM «t» AS x", guards) == "SELECT * FROM (SELECT a FROM b) AS x"
    assert one_space("a  (\n b )") == "a (b)"
    with pytest.raises(KeyError):
        with_guards("FROM «u»", guards)


def test_rows_are_written_as_csv() -> None:
    assert as_csv([(None, "", "a,b", 'c"d', True, 1.5, "x\ny")]) == [',"","a,b","c""d",true,1.5,"x\\ny"']


def shapes(cases: Sequence[RewriteCase | RefusalCase]) -> set[tuple[str, str]]:
    """Return the different texts, each with its dialect: literals, white space and case of letters do not count."""
    spoken = ((case, case.dialect or DIALECTS.get(case.source)) for case in cases)
    return {(dialect, without_literals(case.sql).lower()) for case, dialect in spoken if dialect}


@pytest.mark.parametrize(("read", "count"), [(rewrite_cases, 150), (refusal_cases, 150)])
def test_there_are_enough_cases_of_different_shapes(read: type, count: int) -> None:
    found = shapes(read())
    assert len({text for _, text in found}) >= count, "one text in several dialects counts once"
    assert {
        dialect: each for dialect, each in Counter(spoken for spoken, _ in found).items() if each < count
    } == {}
    assert {spoken for spoken, _ in found} >= set(Dialect)


def test_shapes_leave_out_literals() -> None:
    cases = [
        RewriteCase(place="", title="", role="", source="s", dialect="mysql", sql=sql)
        for sql in ("SELECT 1", "select  2", "SELECT 'a'", "SELECT a")
    ]
    assert len(shapes(cases)) == 2
