"""What is put in front of a statement is a comment and nothing else, whatever the words are."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from lucky_mcp.enforcement.guarded import marked, seal_sql
from lucky_mcp.enforcement.mark import CHARS_MAX, Mark
from lucky_mcp.gateway.marks import Marks
from lucky_mcp.model.decision import Bound
from lucky_mcp.model.source import Dialect, Kind, Source

STATEMENT = "SELECT `a` FROM `s`.`t` AS x /* no */ WHERE `b` = '*/'"
HOSTILE = [
    "*/ DROP TABLE t; /*",
    "/*",
    "!50000 SELECT 1",
    "+ SET_VAR(x=1)",
    "a b",
    "a\nb",
    "a'b",
    'a"b',
    "a`b",
    "a\\b",
    "a;b",
    "a--b",
    "-a",
    "a-",
    "A",
    "é",
    "١",
    "a\x00",
    "%s",
    ":a",
    "a\n",
    "a" * (CHARS_MAX + 1),
]


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("field", ["receipt", "caller", "trace"])
def test_a_word_of_other_characters_is_refused(field: str, word: str) -> None:
    with pytest.raises(ValueError, match=f"the {field} of a mark"):
        Mark(**{field: word})
    with pytest.raises(ValueError, match=f"the {field} of a mark"):
        replace(Mark(), **{field: word})


def test_both_texts_have_it_and_nothing_else_changes() -> None:
    source = Source(name="s", kind=Kind.MYSQL, dialect=Dialect.MYSQL, url="", domain="sales", short_name="s")
    read = seal_sql(
        source=source,
        text_agent="a",
        text=STATEMENT,
        text_fenced="fenced",
        bound=Bound(rows_default=1, rows_max=1, bytes_max=1, cell_chars_max=1, timeout_ms=1),
        rows_max=1,
        always_fenced=True,
        holds_time=False,
    )
    mark = Mark(receipt="r-0a", caller="c1", trace="f" * 32)
    sent = marked(read, mark)
    comment = f"/* lucky-mcp receipt=r-0a caller=c1 trace={'f' * 32} */ "
    assert (sent.text, sent.text_fenced) == (comment + STATEMENT, comment + "fenced")
    assert (sent.text_agent, sent.source, sent.bound, sent.rows_max) == ("a", source, read.bound, 1)
    assert (sent.always_fenced, sent.holds_time, sent.needs_token_key) == (True, False, False)
    assert marked(read, Mark()).text == STATEMENT


@given(subject=st.text(max_size=200), dialect=st.sampled_from(["mysql", "postgres", "redshift", "doris"]))
def test_no_subject_gets_out_of_the_comment(subject: str, dialect: str) -> None:
    comment = Marks(b"k" * 32).of(subject, "r-1").comment
    assert sqlglot.parse(comment + "SELECT 1", dialect=dialect) == sqlglot.parse("SELECT 1", dialect=dialect)
    assert comment.count("/*") == comment.count("*/") == 1
    # Texts that stand in everybody's comment, such as "luck", say nothing of a subject.
    in_all = Marks(b"j" * 32).of("somebody else", "r-1").comment
    assert len(subject) < 4 or subject in in_all or subject not in comment


def test_a_caller_is_told_apart_by_those_who_have_the_key_alone() -> None:
    ann = Marks(b"k" * 32).digest("ann@example.com")
    assert ann == Marks(b"k" * 32).digest("ann@example.com")
    assert ann != Marks(b"j" * 32).digest("ann@example.com")
    assert ann != Marks(b"k" * 32).digest("bob@example.com")
    assert Marks().digest("ann@example.com") == ""
