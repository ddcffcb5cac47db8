"""One caller's share: of the gateway, and of a source."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.gateway.bulkhead import Bulkhead
from lucky_mcp.model.source import Dialect, Kind, Server, Source


def source(name: str, connections_max: int = 4) -> Source:
    server = Server(host="/s", port=1, user="u", connections_max=connections_max)
    return Source(
        name=name,
        kind=Kind.MYSQL,
        dialect=Dialect.MYSQL,
        url="",
        domain="d",
        short_name=name,
        server=server,
    )


async def hold(stack: AsyncExitStack, bulkhead: Bulkhead, caller: str, where: Source, number: int) -> None:
    for _ in range(number):
        await stack.enter_async_context(bulkhead.place(caller, where))


@pytest.mark.parametrize(("connections", "share"), [(1, 1), (2, 1), (4, 3), (9, 8)])
async def test_one_caller_leaves_a_place_on_a_source(connections: int, share: int) -> None:
    bulkhead, where = Bulkhead(wait_seconds=0.01, caller_reads_max=100), source("a", connections)
    async with AsyncExitStack() as stack:
        await hold(stack, bulkhead, "ann", where, share)
        with pytest.raises(EngineError) as refused:
            await hold(stack, bulkhead, "ann", where, 1)
        assert refused.value.kind is EngineErrorKind.BUSY
        await hold(stack, bulkhead, "bob", where, 1)
        await hold(stack, bulkhead, "ann", source("b"), 1)


async def test_one_caller_has_so_many_reads_in_all() -> None:
    bulkhead = Bulkhead(wait_seconds=0.01, caller_reads_max=3)
    async with AsyncExitStack() as stack:
        for name in "abc":
            await hold(stack, bulkhead, "ann", source(name), 1)
        with pytest.raises(EngineError):
            await hold(stack, bulkhead, "ann", source("d"), 1)
        await hold(stack, bulkhead, "bob", source("d"), 1)


async def test_a_place_that_comes_free_is_taken_and_nothing_is_left() -> None:
    bulkhead, where = Bulkhead(wait_seconds=5), source("a", 1)
    order: list[int] = []

    async def one(number: int) -> None:
        async with bulkhead.place("ann", where):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))
    assert order == list(range(20))
    assert len(bulkhead) == 0


async def test_whoever_is_cancelled_gives_its_place_back() -> None:
    bulkhead, where = Bulkhead(wait_seconds=5), source("a", 1)
    async with AsyncExitStack() as stack:
        await hold(stack, bulkhead, "ann", where, 1)
        waiting = [asyncio.create_task(hold(stack, bulkhead, "ann", where, 1)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
    assert len(bulkhead) == 0
