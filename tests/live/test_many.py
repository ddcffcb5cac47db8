"""Many sources cost nothing until they are read, and many calls that are cancelled at once leave nothing."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

from tests.live.conftest import Reader
from tests.live.sealed import Ask
from tests.live.test_stopping import SLOW
from tests.support.patience import until

SOURCES = 145
CALLS = 200


async def test_sources_that_are_not_read_open_nothing(reader: Reader, asked: Ask) -> None:
    threads = threading.active_count()
    source = asked(reader.source)
    made = [source.registry.adapter(replace(reader.source, name=f"source-{n}")) for n in range(SOURCES)]
    assert len(set(map(id, made))) == SOURCES
    assert threading.active_count() == threads
    assert reader.connections() == 0
    assert await source.cell("SELECT 1") == 1
    await until(lambda: reader.connections() == 1)


async def test_two_hundred_calls_cancelled_at_once(reader: Reader, asked: Ask) -> None:
    """Some run, the others wait for a connection."""
    assert reader.source.server is not None
    wide = replace(reader.source, server=replace(reader.source.server, connections_max=16))
    source = asked(wide)
    tasks = [asyncio.create_task(source.rows(SLOW[reader.kind])) for _ in range(CALLS)]
    await until(lambda: reader.running().count(SLOW[reader.kind]) == 16)
    for task in tasks:
        task.cancel()
    done, late = await asyncio.wait(tasks, timeout=30)
    assert (len(done), len(late)) == (CALLS, 0)
    await until(lambda: reader.running() == [] and reader.connections() == 0)
    assert await source.cell("SELECT 1") == 1
