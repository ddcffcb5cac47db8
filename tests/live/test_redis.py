"""Keys on a real Redis, read by the account that `sources grants` makes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from ruamel.yaml import YAML

from lucky_mcp.app.catalogs import check_sources
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.commands import COMMANDS
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.results import receipt_line
from tests.support.cases import CASES
from tests.support.house import DBA, ENGINEER, ML_ENGINEER, policies_over
from tests.support.keyed import CLUSTER, PASSWORD, gateway_to, make_reader, on_server, ruled
from tests.support.redis_server import RedisServer, redis_server

READS: list[Mapping[str, Any]] = YAML(typ="safe").load((CASES / "keys" / "reads.yaml").read_text("utf-8"))
CALLERS = {"data_engineer": ENGINEER, "dba": DBA, "ml_engineer": ML_ENGINEER}
HEAD = "keys:\n  - {id: rule, why: to try it, "
ANY = 'pattern: "{kind:label}:{id:digits}", types: [string, hash], parts: {kind: {}, id: {}}, show: metadata, roles: [dba]}\n'
BIG = 'pattern: "big:{id:digits}", types: [string, hash, set], parts: {id: {}}, show: value, '
BY_THE_TEST = {"auth", "config|resetstat", "flushall", "dump", "client|setinfo"}


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A server with the account of the grants script."""
    with redis_server(password="root of all") as running:
        make_reader(running)
        yield running


@pytest.fixture
def admin(server: RedisServer) -> Iterator[redis.Redis]:
    with server.client() as client:
        client.flushall()
        yield client


def rules_of(case: Mapping[str, Any]) -> str:
    """Return the case's rules as a file has them."""
    rule = {"id": "rule", "why": "to try it", "roles": ["data_engineer"], **case["rules"]}
    if "show" not in rule:
        rule["show"] = "value"
    found = {"keys": [rule]}
    if "denied" in case:
        found["denials"] = [
            {"id": "no", "pattern": case["denied"], "roles": ["data_engineer"], "why": "to try it"}
        ]
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in found.items()) + "\n"


@asynccontextmanager
async def asked(
    base: PolicySet, server: RedisServer, folder: Path, rules: str, **changes: Any
) -> AsyncIterator[Gateway]:
    """Open a gateway over the server with these rules."""
    source = on_server(server.folder / "redis.sock", **changes)
    gateway = gateway_to(ruled(base, source, folder, rules))
    try:
        yield gateway
    finally:
        await gateway.close()


@pytest.fixture(scope="module")
def token_policies(project_root: Path, demo_data: Path) -> PolicySet:
    """The product's policies where tokens can be made."""
    return policies_over(project_root / "policies", demo_data, has_token_key=True)


@pytest.mark.parametrize("case", [pytest.param(each, id=each["title"]) for each in READS])
async def test_what_is_shown(
    case: Mapping[str, Any],
    token_policies: PolicySet,
    server: RedisServer,
    admin: redis.Redis,
    tmp_path: Path,
) -> None:
    for command in case["write"]:
        admin.execute_command(*command)
    caller = CALLERS[case.get("as", "data_engineer")]
    request = KeyRead(
        source=CLUSTER, key=case["key"], field=case.get("field"), rows_max=case.get("limit", 100)
    )
    async with asked(token_policies, server, tmp_path, rules_of(case)) as gateway:
        if "refused" in case:
            with pytest.raises(ReadError) as refused:
                await gateway.read(caller, request)
            assert refused.value.code == case["refused"]
            assert case["key"] not in refused.value.agent_text
            return
        result = await gateway.read(caller, request)
    told = receipt_line(result, time_zone="")
    if "rows" in case:
        assert [[each if each is None else str(each) for each in row] for row in result.rows] == case["rows"]
    assert str(result.rows[:1]).find(case.get("starts", "")) >= 0
    for note in case.get("notes", ()):
        assert note in told
    assert not [each for each in case.get("never", ()) if each in str(result.rows)]


def test_every_case_is_another() -> None:
    assert len({each["title"] for each in READS}) == len(READS)
    assert {"title", "rules", "write", "key"} <= set.intersection(*({*each} for each in READS))


async def scanned(gateway: Gateway, caller: Principal, pattern: str = "*", limit: int = 100) -> ReadResult:
    return await gateway.read(
        caller, KeyRead(source=CLUSTER, ask=KeyAsk.SCAN, pattern=pattern, rows_max=limit)
    )


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


async def test_health(
    demo_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    admin.set("stock:1", "x")
    for key in ("stock:1", "stock:1", "nothing"):
        admin.get(key)
    admin.config_resetstat()
    admin.get("stock:1")
    async with asked(demo_policies, server, tmp_path, HEAD + ANY) as gateway:
        result = await gateway.read(DBA, KeyRead(source=CLUSTER, ask=KeyAsk.HEALTH))
        with pytest.raises(ReadError):
            await gateway.read(ML_ENGINEER, KeyRead(source=CLUSTER, ask=KeyAsk.HEALTH))
    told = {str(row[0]): str(row[1]) for row in result.rows}
    assert told["hit_rate"] == "100.0 %" and told["db0"].startswith("keys=1,")
    assert "used_memory" in told and not {"config_file", "executable", "tcp_port", "run_id"} & told.keys()
    assert str(server.folder) not in str(result.rows)


async def test_an_account_that_can_write_is_refused(
    demo_policies: PolicySet, server: RedisServer, admin: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "root of all")
    socket = server.folder / "redis.sock"
    as_root = on_server(socket, user="default")
    assert "can do more than read: SET, DEL" in (await check_sources([as_root]))[CLUSTER]
    known = on_server(socket, user="default", writable_because="a cluster without accounts")
    assert await check_sources([known]) == {}
    monkeypatch.setenv(PASSWORD, "let me read")
    assert await check_sources([on_server(socket)]) == {}
    # One right too many, and an account that cannot be asked about.
    for rule, said in (("+expire", "EXPIRE"), ("-acl|dryrun", "cannot be told")):
        admin.execute_command("ACL", "SETUSER", "lucky_reader", rule)
        assert said in (await check_sources([on_server(socket)]))[CLUSTER]
        admin.execute_command("ACL", "SETUSER", "lucky_reader", "-expire", "+acl|dryrun")
    # As before Redis 7: the rules of the account are read instead.
    admin.execute_command("ACL", "SETUSER", "lucky_reader", "-acl|dryrun", "+acl|getuser")
    assert await check_sources([on_server(socket)]) == {}
    admin.execute_command("ACL", "SETUSER", "lucky_reader", "+@write")
    assert "+@WRITE" in (await check_sources([on_server(socket)]))[CLUSTER]
    admin.execute_command("ACL", "SETUSER", "lucky_reader", "-@write", "-acl|getuser", "+acl|dryrun")


async def test_a_server_that_does_not_answer(demo_policies: PolicySet, tmp_path: Path) -> None:
    with redis_server(password="root of all") as other:
        rules = HEAD + ANY
        async with asked(demo_policies, other, tmp_path, rules) as gateway:
            with pytest.raises(ReadError) as refused:  # no such account
                await scanned(gateway, DBA)
            assert refused.value.code is Code.SOURCE_UNAVAILABLE
            assert (
                "redis.sock" not in refused.value.agent_text and "WRONGPASS" not in refused.value.agent_text
            )
            assert "WRONGPASS" in refused.value.audit_detail or "assword" in refused.value.audit_detail
        other.stop()
        async with asked(demo_policies, other, tmp_path, rules) as gateway:
            with pytest.raises(ReadError) as refused:
                await scanned(gateway, DBA)
            assert refused.value.code is Code.SOURCE_UNAVAILABLE
            assert str(other.folder) not in refused.value.agent_text


async def test_tls_is_verified(
    demo_policies: PolicySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "let me read")
    with redis_server(password="root of all", tls=True) as other:
        make_reader(other)
        known = {"port": other.tls_port, "tls": True}
        ours = on_server(Path("localhost"), ca=other.certificate, **known)
        assert await check_sources([ours]) == {}
        gateway = gateway_to(ruled(demo_policies, ours, tmp_path, HEAD + ANY))
        assert (await scanned(gateway, DBA)).rows == ()
        await gateway.close()
        # A certificate that nobody vouches for, one of another name, and a server without TLS.
        assert (
            "CERTIFICATE_VERIFY_FAILED"
            in (await check_sources([on_server(Path("localhost"), **known)]))[CLUSTER]
        )
        other_name = on_server(Path("127.0.0.1"), ca=other.certificate, **known)
        assert "CERTIFICATE_VERIFY_FAILED" in (await check_sources([other_name]))[CLUSTER]
        plain = on_server(Path("localhost"), port=other.tls_port)
        assert "unavailable" in (await check_sources([plain]))[CLUSTER]


async def test_a_replica_is_read_and_tells_how_far_behind_it_is(
    demo_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    admin.set("stock:1", "x")
    primary = on_server(server.folder / "redis.sock")
    assert primary.server is not None
    source = replace(primary, replicas=(primary.server,))
    gateway = gateway_to(ruled(demo_policies, source, tmp_path, HEAD + ANY))
    try:
        result = await scanned(gateway, DBA)  # the "replica" is a primary by its own word
        assert "read from the writer" in receipt_line(result, time_zone="")
    finally:
        await gateway.close()


async def test_only_commands_of_the_list_were_sent_and_nothing_changed(
    token_policies: PolicySet, server: RedisServer, admin: redis.Redis, tmp_path: Path
) -> None:
    admin.config_resetstat()
    written: set[str] = set()
    for case in READS:
        admin.flushall()
        for command in case["write"]:
            admin.execute_command(*command)
            written.add(str(command[0]).lower())
        before = _digest(admin)
        async with asked(token_policies, server, tmp_path, rules_of(case)) as gateway:
            caller = CALLERS[case.get("as", "data_engineer")]
            for request in (
                KeyRead(source=CLUSTER, key=case["key"]),
                KeyRead(source=CLUSTER, ask=KeyAsk.SCAN),
                KeyRead(source=CLUSTER, ask=KeyAsk.HEALTH),
            ):
                with suppress(ReadError):
                    await gateway.read(caller, request)
        assert _digest(admin) == before
    sent = {name.removeprefix("cmdstat_") for name in admin.info("commandstats")}
    known = {name.lower().replace(" ", "|") for name in COMMANDS}
    assert sent - known - written - BY_THE_TEST == set()


def _digest(admin: redis.Redis) -> dict[bytes, object]:
    return {name: admin.dump(name) for name in admin.scan_iter()}
