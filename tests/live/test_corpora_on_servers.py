"""Honest questions on real servers: one in five here, `make corpora CORPORA_ARGS="--engine mariadb"` asks all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpora.run import asked_on, unexpected
from tests.support import mysql_server
from tests.support.corpora import lacking, questions
from tests.support.corpora_asked import Verdict
from tests.support.generator_servers import MARIADB, MYSQL, POSTGRES
from tests.support.servers import NoServer

EVERY = 5
ENGINES = (MYSQL,) if mysql_server.is_chosen() else (MARIADB, POSTGRES)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("server", ENGINES)
async def test_a_server_answers_as_its_clean_copy(server: str, tmp_path: Path) -> None:
    try:
        found = await asked_on(server, questions()[::EVERY], tmp_path)
    except NoServer as missing:
        pytest.skip(str(missing))
    assert unexpected(found, on_server=True) == []
    answered = [each for each in found if each.verdict is Verdict.SAME]
    assert len(answered) > 0.95 * len(found) > 25
    assert sum(each.rows > 0 for each in answered) > 0.9 * len(answered)


def test_what_a_server_has_no_words_for_is_a_question() -> None:
    asked = {(each.corpus, each.title) for each in questions()}
    assert lacking(MARIADB) and lacking(MARIADB) <= asked
