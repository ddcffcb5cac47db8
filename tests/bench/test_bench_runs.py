"""The bench runs and says something of every step; no time is held against anything."""

from __future__ import annotations

from pathlib import Path

from bench.__main__ import report
from bench.questions import questions


def test_there_are_enough_questions_and_none_twice() -> None:
    asked = questions()
    assert len(asked) >= 300
    assert len({" ".join(each.sql.split()).lower() for each in asked}) == len(asked)
    assert len({each.source for each in asked}) == 4


def test_a_short_run_measures_every_step(tmp_path: Path) -> None:
    page = report(tmp_path, short=True)
    for step in (
        "parse",
        "allow",
        "resolve",
        "decide",
        "rewrite",
        "render",
        "verify",
        "14 |",
        "scans",
        "frozen",
        "without a copy",
        "slowest",
        "crawl again",
        "start over",
        "EXISTS over all",
        "sizes of both tables",
    ):
        assert step in page
