"""What measures serving asks what it says, and notices an answer that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.serving import servers
from bench.serving.__main__ import questions
from bench.serving.database import Database, loaded
from bench.serving.load import Wrong, measured
from tests.support.servers import NoServer, mariadb


@pytest.mark.timeout(180)
async def test_the_floor_and_ours_answer_every_question(tmp_path: Path) -> None:
    try:
        with mariadb() as running:
            database = loaded(running, "tiny")
            with servers.floor(database) as floor, servers.ours(database, tmp_path) as ours:
                for ask in questions(database).values():
                    for each in (floor, ours):
                        found = await measured(each, ask, clients=2, seconds=0.1)
                        assert 0 < found.p50 <= found.p95 <= found.p99
                        assert found.calls_per_second > 0
                with pytest.raises(Wrong, match="UNKNOWN_NAME"):
                    await measured(ours, lambda _: ("SELECT a FROM b", "rows"), clients=1, seconds=0.1)
    except NoServer as missing:
        pytest.skip(str(missing))


def test_a_peer_that_is_not_installed_is_said(tmp_path: Path) -> None:
    nowhere = Database(port=1, orders=())
    with pytest.raises(servers.NotInstalled, match="dbhub"), servers.dbhub(nowhere, tmp_path):
        pass
