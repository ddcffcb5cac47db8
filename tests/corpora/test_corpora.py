"""Honest questions: one in twelve is asked here, `make corpora` asks all; none may be refused but those that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.corpora.run import unexpected
from tests.support.corpora import origins, questions, refusals
from tests.support.corpora_asked import Corpora, Verdict
from tests.support.dialect_worlds import DialectWorlds

EVERY, AT_LEAST = 12, 1000
REFUSED_MAX = 0.01


@pytest.fixture
async def corpora(dialect_worlds: DialectWorlds, tmp_path: Path) -> AsyncIterator[Corpora]:
    made = Corpora(dialect_worlds, tmp_path)
    yield made
    await made.close()


def test_there_are_enough_and_none_twice() -> None:
    found = questions()
    assert len(found) >= AT_LEAST
    shapes = {(each.dialect, each.source, each.shape) for each in found}
    assert len(shapes) >= AT_LEAST - 10
    titles = Counter((each.corpus, each.title) for each in found)
    assert [title for title, times in titles.items() if times > 1] == []
    texts = Counter((each.dialect, each.source, each.sql) for each in found)
    assert [text for text, times in texts.items() if times > 1] == []
    assert all(origin and licence for origin, licence in origins().values())


def test_refusals_are_few_and_each_has_its_reason() -> None:
    found, asked = refusals(), questions()
    known = {(each.corpus, each.title) for each in asked}
    assert [each for each in found if (each.corpus, each.title) not in known or not each.why] == []
    assert {each.where for each in found} == {"everywhere", "embedded"}
    assert sum(each.where == "everywhere" for each in found) / len(asked) < REFUSED_MAX


@pytest.mark.timeout(180)
async def test_a_sample_has_the_rows_of_the_plain_engine(corpora: Corpora) -> None:
    sample = sorted(questions()[::EVERY], key=lambda each: (each.dialect, each.source))
    found = [await corpora.ask(each) for each in sample]
    assert unexpected(found) == []
    answered = [each for each in found if each.verdict is Verdict.SAME]
    assert len(answered) > 0.9 * len(found)
    assert sum(each.rows > 0 for each in answered) > 0.9 * len(answered)
