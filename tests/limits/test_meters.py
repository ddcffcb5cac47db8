"""Meters in memory and in a real Redis count alike; several processes together, and alone while it is away."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.limits.divided import DividedMeter
from lucky_mcp.limits.fallback import AGAIN_SECONDS, FallbackMeter
from lucky_mcp.limits.memory import CALLERS_MAX, MemoryMeter
from lucky_mcp.limits.meter import LEASE_SECONDS, Charge, Meter, Wait
from lucky_mcp.limits.opened import open_meter
from lucky_mcp.limits.shared import PREFIX, SharedMeter
from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as made:
        yield made


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", "redis"])
async def counted(
    request: pytest.FixtureRequest, server: RedisServer
) -> AsyncIterator[tuple[Meter, Callable[[float], None]]]:
    """A meter, and how time goes by for it: in Redis what it remembers is made older."""
    clock = Clock()
    if request.param == "memory":

        def later(seconds: float) -> None:
            clock.now += seconds

        yield MemoryMeter(clock), later
        return
    with server.client() as client:
        client.flushall()
        meter = SharedMeter(server.url)

        def older(seconds: float) -> None:
            for key in client.scan_iter(f"{PREFIX}*:levels"):
                for name, value in client.hgetall(key).items():
                    if name.endswith(b":at"):
                        client.hset(key, name, float(value) - seconds)
            for key in client.scan_iter(f"{PREFIX}*:leases"):
                for lease, until in client.zrange(key, 0, -1, withscores=True):
                    client.zadd(key, {lease: until - seconds})

        yield meter, older
        await meter.close()


CALLS = (Charge(kind="calls_per_minute", limit=3, period_s=60, amount=1),)


def rows(amount: float) -> tuple[Charge, ...]:
    return (Charge(kind="rows_per_hour", limit=100, period_s=3600, amount=amount),)


async def test_calls_are_counted_for_each_caller_and_time_gives_them_back(
    counted: tuple[Meter, Callable[[float], None]],
) -> None:
    meter, later = counted
    for number in range(3):
        assert await meter.admit("ann", CALLS, None, f"{number}") is None
    wait = await meter.admit("ann", CALLS, None, "3")
    assert wait is not None and wait.kind == "calls_per_minute" and 19 < wait.seconds <= 20
    assert await meter.admit("bob", CALLS, None, "4") is None
    later(20.5)
    assert await meter.admit("ann", CALLS, None, "5") is None
    assert await meter.admit("ann", CALLS, None, "6") is not None
    later(600)
    answers = [await meter.admit("ann", CALLS, None, f"{number}") for number in range(10, 14)]
    assert [answer is None for answer in answers] == [True, True, True, False]


async def test_what_was_used_is_charged_whole_and_waited_for(
    counted: tuple[Meter, Callable[[float], None]],
) -> None:
    meter, later = counted
    assert await meter.admit("ann", rows(0), None, "1") is None
    await meter.settle("ann", rows(250), "1")
    wait = await meter.admit("ann", (*CALLS, *rows(0)), None, "2")
    assert wait is not None and wait.kind == "rows_per_hour" and 5_390 < wait.seconds <= 5_400
    later(5_401)
    for number in range(3):
        assert await meter.admit("ann", (*CALLS, *rows(0)), None, f"{number}") is None, (
            "a refusal was charged"
        )


async def test_places_come_back_when_reads_end_or_their_process_died(
    counted: tuple[Meter, Callable[[float], None]],
) -> None:
    meter, later = counted
    for lease in ("1", "2"):
        assert await meter.admit("ann", (), 2, lease) is None
    assert (await meter.admit("ann", (), 2, "3")) == Wait(kind="reads_at_once", seconds=1)
    assert await meter.admit("bob", (), 2, "3") is None
    await meter.settle("ann", (), "1")
    assert await meter.admit("ann", (), 2, "3") is None
    assert await meter.admit("ann", (), 2, "4") is not None
    later(LEASE_SECONDS + 1)
    assert await meter.admit("ann", (), 2, "5") is None


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0, 400), st.sampled_from([0, 1, 5, 150]), st.booleans()), max_size=20),
)
def test_redis_counts_as_memory_does(server: RedisServer, steps: list[tuple[float, int, bool]]) -> None:
    """Whatever is asked in whatever order, but for the moments that the test itself takes."""
    clock = Clock()

    async def both() -> None:
        memory, shared = MemoryMeter(clock), SharedMeter(server.url)
        with server.client() as client:
            client.flushall()
            for seconds, amount, settles in steps:
                clock.now += seconds
                for key in client.scan_iter(f"{PREFIX}*:levels"):
                    at = float(client.hget(key, "rows_per_hour:at") or 0)
                    client.hset(key, "rows_per_hour:at", at - seconds)
                if settles:
                    await memory.settle("ann", rows(amount), "x")
                    await shared.settle("ann", rows(amount), "x")
                    continue
                waits = [await each.admit("ann", rows(amount), None, "x") for each in (memory, shared)]
                first, second = (each.seconds if each else 0.0 for each in waits)
                assert abs(first - second) < 60, "more than one and a half rows apart"
        await shared.close()

    asyncio.run(both())


HAMMER = """
import asyncio, sys
from lucky_mcp.limits.meter import Charge
from lucky_mcp.limits.shared import SharedMeter
async def main():
    meter = SharedMeter(sys.argv[1])
    charge = (Charge(kind="calls_per_minute", limit=50, period_s=6_000, amount=1),)
    found = [await meter.admit("ann", charge, None, f"{sys.argv[2]}-{n}") for n in range(40)]
    await meter.close()
    print(sum(wait is None for wait in found))
asyncio.run(main())
"""


def test_processes_that_share_a_redis_share_the_limit(server: RedisServer, project_root: Path) -> None:
    with server.client() as client:
        client.flushall()
        command = [sys.executable, "-c", HAMMER, server.url]
        running = [
            subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, cwd=project_root / "src")
            for number in range(3)
        ]
        admitted = [int(process.communicate(timeout=60)[0]) for process in running]
        assert sum(admitted) == 50
        keys = [key.decode() for key in client.scan_iter("*")]
        assert keys and all("ann" not in key and client.ttl(key) > 0 for key in keys)


async def test_while_redis_is_away_each_process_counts_its_part(tmp_path: Path) -> None:
    clock = Clock()
    with redis_server("a secret of the test") as own, capture_logs() as logged:
        shared = SharedMeter(own.url, own.password)
        meter = FallbackMeter(shared, DividedMeter(MemoryMeter(clock), 3), clock)
        call = (Charge(kind="calls_per_minute", limit=9, period_s=60, amount=1),)
        assert await admitted(meter, call, 12) == 9
        own.stop()
        assert await admitted(meter, call, 12) == 3, (
            "no read is refused because of it, and no limit is lifted"
        )
        await meter.settle("ann", (), "1")
        own.start()
        assert await admitted(meter, call, 3) == 0, "asked again before its time"
        clock.now += AGAIN_SECONDS
        assert await admitted(meter, call, 12) == 9
        await meter.close()
    assert [each["event"] for each in logged] == ["limits_not_shared", "limits_shared_again"]
    assert own.password not in str(logged)


async def test_a_redis_that_hangs_holds_one_read_up_and_no_other(tmp_path: Path) -> None:
    """A server that takes connections and says nothing."""
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(tmp_path / "s"))
    silent.listen()
    clock = Clock()
    asked: list[str] = []

    class Asked(SharedMeter):
        def admit(self, who: str, *rest: object) -> Awaitable[Wait | None]:  # type: ignore[override]
            asked.append(who)
            return super().admit(who, *rest)  # type: ignore[arg-type]

    shared = Asked(f"unix://{tmp_path / 's'}")
    meter = FallbackMeter(shared, MemoryMeter(clock), clock)
    assert await admitted(meter, CALLS, 5) == 3
    assert asked == ["ann"]
    await meter.close()
    silent.close()


async def admitted(meter: Meter, charges: tuple[Charge, ...], times: int) -> int:
    found = [await meter.admit("ann", charges, None, f"{number}") for number in range(times)]
    return sum(wait is None for wait in found)


async def test_callers_of_long_ago_are_forgotten() -> None:
    clock = Clock()
    meter = MemoryMeter(clock)
    for number in range(CALLERS_MAX):
        await meter.admit(f"caller {number}", CALLS, None, "1")
        await meter.settle(f"caller {number}", (), "1")
    clock.now += 61
    await meter.admit("ann", CALLS, None, "1")
    assert len(meter) == 1


@pytest.mark.parametrize(
    ("url", "password", "why"),
    [
        ("http://redis:6379", "", "it is redis://"),
        ("redis://:secret@redis:6379", "", "without a password"),
        ("redis://redis:6379", "secret", "a secret is referred to as"),
        ("", "env:X", "LUCKY_LIMITS_URL is not"),
        ("redis://redis:port", "", "LUCKY_LIMITS_URL"),
    ],
)
def test_what_cannot_be_used_is_told_without_secrets(url: str, password: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as raised:
        open_meter(url, password, 1, {})
    assert "secret@" not in str(raised.value)
