"""Looks over the keys of a real Redis, and values that are too large, end by their budgets."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.model.request import KeyRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.results import receipt_line
from tests.live.clusters.asked import ANY, HEAD, asked, scanned
from tests.support.house import DBA, ENGINEER
from tests.support.keyed import CLUSTER
from tests.support.redis_server import RedisServer

BIG = 'pattern: "big:{id:digits}", types: [string, hash, set], parts: {id: {}}, show: value, '


async def test_a_look_over_the_keys(
    demo_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    for number in range(30):
        admin.set(f"stock:{number}", "x", ex=None if number < 10 else 50)
        admin.set(f"Hidden:{number}", "x")
    admin.hset("stock:99", "a", "b")
    admin.rpush("stock:98", "of another type")
    admin.set(b"stock:\xff\x00", "no text")
    admin.set("stock:1\r\nGET secret", "a command in a name")
    rules = HEAD + ANY.replace("{kind:label}", "stock").replace("kind: {}, ", "")
    async with asked(demo_policies, server, tmp_path, rules) as gateway:
        result = await scanned(gateway, DBA)
        some = await scanned(gateway, DBA, "stock:[0-2]?")
        none = await scanned(gateway, DBA, "Hidden*")
        few = await scanned(gateway, DBA, limit=3)
    names = [str(row[0]) for row in result.rows]
    assert names == sorted(f"stock:{number}" for number in (*range(30), 99))
    assert dict(zip(names, (row[2] for row in result.rows), strict=True))["stock:5"] == "none"
    assert result.summary is not None
    assert result.summary.rows == (("stock:{id:digits}", 31, "35 %", "10 to 99 bytes", 31),)
    assert len(some.rows) == 20 and not none.rows and none.summary is not None and not none.summary.rows
    assert len(few.rows) == 3 and "TRUNCATED" in receipt_line(few, time_zone="")


async def test_a_look_ends_with_its_budget(
    demo_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    admin.eval("for i = 1, 40000 do redis.call('set', 'stock:' .. i, i) end", 0)
    async with asked(demo_policies, server, tmp_path, HEAD + ANY) as gateway:
        told = receipt_line(await scanned(gateway, DBA, limit=5), time_zone="")
    assert "SAMPLE" in told and "1,000 of" in told


async def test_a_huge_value_is_never_fetched(
    demo_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    admin.setrange("big:1", 40 << 20, "x")
    admin.hset("big:2", mapping={"a": "1", "b": "x" * (17 << 20)})
    admin.sadd("big:3", "x" * (17 << 20))
    before = int(admin.info("stats")["total_net_output_bytes"])
    text = HEAD + BIG + "value: {}, roles: [data_engineer]}\n"
    fields = (
        HEAD + BIG.replace("string, hash, set", "hash") + "fields: {a: {}, b: {}}, roles: [data_engineer]}\n"
    )
    async with asked(demo_policies, server, tmp_path, text.replace("hash, ", "")) as gateway:
        shown = await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key="big:1"))
        assert shown.cells_cut == 1 and len(str(shown.rows[0][0])) < 3_000
        assert int(admin.info("stats")["total_net_output_bytes"]) - before < 1_000_000
        with pytest.raises(ReadError) as refused:
            await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key="big:3"))
        assert refused.value.code is Code.TOO_LARGE
    async with asked(demo_policies, server, tmp_path, fields) as gateway:
        with pytest.raises(ReadError) as refused:
            await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key="big:2"))
        assert refused.value.code is Code.TOO_LARGE
        one = await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key="big:2", field="a"))
        assert one.rows == (("a", "1"),)
        other = await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key="big:2", field="b"))
        assert other.rows == (("b", "[too large to be shown under its masks]"),)


async def test_an_answer_of_many_small_parts_is_not_read_beyond_its_limit(
    demo_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    """Members that are each allowed: 5,000 of 5,000 bytes, and entries of a stream with 3,500 fields."""
    admin.eval(
        "local t = string.rep('x', 5000) for i = 1, 5000 do redis.call('rpush', 'queue:1', t) end"
        " local f = {} for i = 1, 3500 do f[#f + 1] = 'f' .. i f[#f + 1] = 'x' end"
        " for i = 1, 300 do redis.call('xadd', 'events:1', '*', unpack(f)) end",
        0,
    )
    rules = (
        "keys:\n"
        '  - {id: a, why: t, pattern: "queue:{id:digits}", types: [list], parts: {id: {}}, value: {}, roles: [data_engineer]}\n'
        '  - {id: b, why: t, pattern: "events:{id:digits}", types: [stream], parts: {id: {}}, fields: {f1: {}}, roles: [data_engineer]}\n'
    )
    async with asked(demo_policies, server, tmp_path, rules) as gateway:
        for key in ("queue:1", "events:1"):
            with pytest.raises(ReadError) as refused:
                await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key=key, rows_max=5_000))
            assert refused.value.code is Code.TOO_LARGE
        few = await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key="queue:1", rows_max=3))
        assert len(few.rows) == 3
        assert (await gateway.read(ENGINEER, KeyRead(source=CLUSTER, key="events:1", rows_max=3))).rows
