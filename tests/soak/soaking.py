"""One soak: a server under sixteen clients and faults, measured whenever a round of faults is over."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.wire import direct
from tests.soak.clients import Crowd, Told
from tests.soak.judged import Sample
from tests.soak.world import World
from tests.support.patience import until
from tests.telemetry.served import Samples, Served, named, samples

WARM_ROUNDS = 2
RESTART_EVERY, FIRST_RESTART = 3, 2
COME_BACK_SECONDS = 90.0
Say = Callable[[str], None]


@dataclass
class Soaked:
    """What came of it."""

    told: Told
    warm: list[Sample] = field(default_factory=list)
    measured: list[Sample] = field(default_factory=list)
    swaps: int = 0
    restarts: int = 0
    killed: int = 0


async def soaked(
    world: World,
    server: Served,
    enough: Callable[[float, int], bool],
    say: Say,
    *,
    pause_s: float = 0.0,
) -> Soaked:
    """Go on, a round of faults after the other, until `enough` of (minutes, rounds)."""
    began = time.monotonic()
    async with Crowd(server.endpoint, pause_s=pause_s) as crowd:
        soak = Soaked(told=crowd.told)
        rounds = 0
        while not enough((time.monotonic() - began) / 60, rounds):
            await one_round(world, server, crowd, soak, with_restart=rounds % RESTART_EVERY == FIRST_RESTART)
            rounds += 1
            minutes = (time.monotonic() - began) / 60
            sample = await quiet_sample(world, server, crowd, minutes)
            (soak.warm if rounds <= WARM_ROUNDS else soak.measured).append(sample)
            say(f"round {rounds}: {sample}")
            crowd.go_on()
    return soak


async def one_round(world: World, server: Served, crowd: Crowd, soak: Soaked, *, with_restart: bool) -> None:
    """Every fault once, calls going on before, during and after it."""
    await calls_more(crowd, 100)
    soak.killed += await asyncio.to_thread(world.kill_connections)
    await calls_more(crowd, 40)
    await asyncio.to_thread(_slow_for, world, 0.5)
    before = await digest(server)
    await asyncio.to_thread(world.swap)
    soak.swaps += 1
    await swapped(server, before)
    await calls_more(crowd, 40)
    if with_restart:
        await asyncio.to_thread(world.restart)
        soak.restarts += 1
        await come_back(crowd)
    await calls_more(crowd, 100)


def _slow_for(world: World, seconds: float) -> None:
    with world.slow():
        time.sleep(seconds)


async def calls_more(crowd: Crowd, number: int) -> None:
    """Wait until so many calls more were answered."""
    wanted = crowd.told.calls + number
    await until(lambda: crowd.told.calls >= wanted, COME_BACK_SECONDS)


async def come_back(crowd: Crowd) -> None:
    """Wait until reads of the server that was begun again are answered: most calls are of it."""
    deadline = time.monotonic() + COME_BACK_SECONDS
    while True:
        before = crowd.told.outcomes.copy()
        await calls_more(crowd, 30)
        more = crowd.told.outcomes - before
        if more["OK"] > 2 * more["ERROR SOURCE_UNAVAILABLE"]:
            return
        assert time.monotonic() < deadline, f"it did not come back: {more}"


async def digest(server: Served) -> str:
    """The policies in force."""
    async with direct() as client:
        return str((await client.get(f"{server.base}/health")).json()["policies"])


async def swapped(server: Served, before: str) -> None:
    """Wait until other policies are in force."""
    await holds(lambda: _is_other(server, before))


async def _is_other(server: Served, before: str) -> bool:
    return await digest(server) != before


async def holds(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something that has to be asked for is so."""
    deadline = time.monotonic() + COME_BACK_SECONDS
    while True:
        if await is_so():
            return
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.1)


async def quiet_sample(world: World, server: Served, crowd: Crowd, minutes: float) -> Sample:
    """Have everybody be quiet, wait until nothing runs, and measure."""
    await crowd.quiet()
    await holds(lambda: _is_idle(world, server))
    found = await scraped(world, server)
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")  # noqa: ASYNC240
    return Sample(
        minutes=minutes,
        calls=crowd.told.calls,
        memory_mb=int(_field(status, "RssAnon")) / 1024,
        threads=int(_field(status, "Threads")),
        files=int(named(found, "process_open_fds")),
        tasks=int(named(found, "lucky_tasks")),
        connections=await asyncio.to_thread(world.connections),
    )


async def _is_idle(world: World, server: Served) -> bool:
    return not named(await scraped(world, server), "lucky_reads_running")


def _field(status: str, name: str) -> str:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    assert found, name
    return found[1]


async def scraped(world: World, server: Served) -> Samples:
    """The server's metrics now."""
    async with direct() as client:
        token = world.environment["SCRAPER"]
        answer = await client.get(f"{server.base}/metrics", headers={"Authorization": f"Bearer {token}"})
    return samples(answer.text)
