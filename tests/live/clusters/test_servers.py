"""Redis as a server: how it is, by whom it is read, whose certificate it has, and when it does not answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import redis

from lucky_mcp.app.catalogs import check_sources
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.model.request import KeyAsk, KeyRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.server.results import receipt_line
from tests.live.clusters.asked import ANY, HEAD, asked, scanned
from tests.support.house import DBA, ML_ENGINEER
from tests.support.keyed import CLUSTER, PASSWORD, gateway_to, make_reader, on_server, ruled
from tests.support.redis_server import RedisServer, redis_server


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
