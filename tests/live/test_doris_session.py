"""Doris' sessions as far as a MariaDB can stand in for it: the same driver and protocol, not the server.

MariaDB has no `query_timeout`; here the name of a setting in seconds that it has stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lucky_mcp.adapters import mysql
from lucky_mcp.adapters.mysql_settings import select_statement, set_statement
from lucky_mcp.errors import EngineErrorKind
from lucky_mcp.model.source import Dialect, Source
from tests.live.conftest import Reader, Server
from tests.live.sealed import Ask
from tests.live.test_stopping import SLOW, begun
from tests.support.patience import until

STANDS_IN = "net_write_timeout"


@pytest.fixture
def adapted(live_mariadb: Server) -> Server:
    return live_mariadb


@pytest.fixture
def doris(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The server as a source of dialect doris, whose account nobody can look at."""
    for made in (set_statement, select_statement):
        monkeypatch.setattr(
            mysql,
            made.__name__,
            lambda *given, made=made: made(*given).replace("query_timeout", STANDS_IN),
        )
    assert reader.source.server is not None
    return replace(
        reader.source,
        dialect=Dialect.DORIS,
        server=replace(reader.source.server, writable_because="the account has SELECT_PRIV alone"),
    )


@pytest.fixture
def hostile(reader: Reader) -> Iterator[None]:
    """Modes that Doris heeds as well: under each of them a text means something else."""
    reader.admin("SET GLOBAL sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'")
    yield
    reader.admin("SET GLOBAL sql_mode = DEFAULT")


@pytest.mark.usefixtures("hostile")
async def test_a_text_means_what_it_was_written_for(doris: Source, asked: Ask) -> None:
    source = asked(doris)
    assert await source.cell("SELECT 'a\\'b'") == "a'b"
    assert await source.cell('SELECT "quoted"') == "quoted"
    assert await source.cell("SELECT 'x' || 'y'") == 0
    assert await source.cell("SELECT @@sql_mode") == "ONLY_FULL_GROUP_BY"
    assert await source.cell("SELECT @@time_zone") == doris.time_zone
    assert await source.cell(f"SELECT @@{STANDS_IN}") == 10


async def test_a_session_serves_one_read(doris: Source, asked: Ask, reader: Reader) -> None:
    source = asked(doris)
    first = await source.cell("SELECT CONNECTION_ID()")
    await source.rows("SELECT @p := 5")
    assert await source.cell("SELECT @p") is None
    assert await source.cell("SELECT CONNECTION_ID()") != first
    await until(lambda: reader.connections() <= 1)


async def test_a_cancelled_read_ends_in_the_server(doris: Source, asked: Ask, reader: Reader) -> None:
    source = asked(doris)
    (task,) = await begun(reader, source, SLOW[reader.kind])
    task.cancel()
    await until(lambda: reader.running() == [])
    assert await source.cell("SELECT 1") == 1


async def test_without_a_reason_its_account_is_refused(doris: Source, asked: Ask) -> None:
    assert doris.server is not None
    strict = replace(doris, server=replace(doris.server, writable_because=""))
    failure = await asked(strict).error("SELECT 1")
    assert failure.kind is EngineErrorKind.UNAVAILABLE
    assert "grants in a form that is not known here" in failure.detail
