"""Which server is asked: lags are measured once for many reads, and never taken for better than they may be."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.gateway.routes import FAILED_SECONDS, FRESH_SECONDS, Route, Router
from lucky_mcp.model.probe import Lag
from lucky_mcp.model.source import Dialect, Kind, Replication, Server, Source

SOURCE = Source(
    name="orders",
    kind=Kind.MYSQL,
    dialect=Dialect.MYSQL,
    url="",
    domain="sales",
    short_name="orders",
    server=Server(host="writer", port=3306, user="reader"),
    replicas=tuple(Server(host=host, port=3306, user="reader") for host in ("one", "two")),
)


class Servers:
    """Replicas that say what they are told to, and a clock."""

    def __init__(self, **lags: float | None) -> None:
        self.lags = lags
        self.now = 1000.0
        self.asked: list[str] = []
        self.router = Router(self.measure, lambda: self.now)

    async def measure(self, replica: Source) -> Lag:
        assert replica.server is not None
        self.asked.append(replica.server.host)
        await asyncio.sleep(0)
        if replica.server.host not in self.lags:
            raise EngineError(EngineErrorKind.UNAVAILABLE, "away\nfrom here")
        return Lag(seconds=self.lags[replica.server.host], why="it does not say")

    async def routes(self, source: Source = SOURCE) -> list[Route]:
        return [route async for route in self.router.routes(source)]

    async def first(self, source: Source = SOURCE) -> Route:
        return (await self.routes(source))[0]


async def test_without_replicas_there_is_no_choice_and_no_question() -> None:
    servers = Servers(one=0.0)
    plain = replace(SOURCE, replicas=())
    assert await servers.routes(plain) == [Route(source=plain)]
    assert servers.asked == []


async def test_each_in_order_and_the_writer_last() -> None:
    routes = await Servers(one=0.0, two=7.0).routes()
    assert [route.source.server.host for route in routes if route.source.server] == ["one", "two", "writer"]
    assert [route.note for route in routes] == [
        "read from replica 1, less than 1 s behind",
        "STALE: read from replica 2, 7 s behind, over 5 s",
        "read from the writer: no replica can answer now",
    ]


@pytest.mark.parametrize(("lag", "asked"), [(29.9, True), (30.0, True), (30.1, False), (None, False)])
async def test_the_limit(lag: float | None, asked: bool) -> None:
    route = await Servers(one=lag, two=0.0).first()
    assert (route.source.server == SOURCE.replicas[0]) is asked


async def test_measured_once_for_all_who_ask_meanwhile() -> None:
    servers = Servers(one=0.0)
    await asyncio.gather(*(anext(servers.router.routes(SOURCE)) for _ in range(20)))
    servers.now += FRESH_SECONDS
    await anext(servers.router.routes(SOURCE))
    assert servers.asked == ["one"]
    servers.now += 0.1
    await anext(servers.router.routes(SOURCE))
    assert servers.asked == ["one", "one"]


async def test_the_time_since_it_was_measured_counts_as_lag() -> None:
    servers = Servers(one=29.0, two=0.0)
    assert "29 s behind" in (await servers.first()).note
    servers.now += 1.5
    assert (await servers.first()).server.startswith("replica 2")


async def test_one_that_does_not_answer_is_left_alone_for_longer() -> None:
    servers = Servers(two=0.0)
    for _ in range(3):
        route = await servers.first()
        assert route.record == "replica 2, 0.0 s behind; replica 1 not asked: unavailable: away from here"
    servers.now += FAILED_SECONDS + 0.1
    await servers.first()
    assert servers.asked == ["one", "two", "one", "two"]


async def test_a_source_that_changed_is_measured_anew() -> None:
    servers = Servers(one=0.0)
    await servers.first()
    await servers.first(replace(SOURCE, replication=Replication(stop_s=60)))
    assert servers.asked.count("one") == 2


async def test_no_replica_and_no_writer() -> None:
    servers = Servers(one=31.0)
    with pytest.raises(EngineError) as refused:
        await servers.routes(replace(SOURCE, replication=Replication(writer_serves=False)))
    assert refused.value.kind is EngineErrorKind.STALE
    assert "over 30 s" in refused.value.detail
