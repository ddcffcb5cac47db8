"""Reads of keys pass the one door: recorded without values, stopped, bounded, and told apart from tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lucky_mcp.audit.keys import key_of
from lucky_mcp.audit.literals import Literals
from lucky_mcp.audit.record import Begun, Ended
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.source_health import source_health
from lucky_mcp.model.request import KeyAsk, KeyRead, SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import ANALYST, DBA, ENGINEER, gateway_over

ORDERS, MARKET = "luckyus-isales-order", "luckyus-isales-market"


@pytest.fixture
def audit() -> MemorySink:
    return MemorySink()


@pytest.fixture
async def gateway(demo_policies: PolicySet, audit: MemorySink) -> AsyncIterator[Gateway]:
    made = gateway_over(demo_policies, audit=audit)
    yield made
    await made.close()


async def first_order(gateway: Gateway) -> str:
    found = await gateway.read(
        ENGINEER, KeyRead(source=ORDERS, ask=KeyAsk.SCAN, pattern="order:[0-9]*", rows_max=1)
    )
    return str(found.rows[0][0])


async def test_a_read_is_recorded_with_its_form_and_no_value(gateway: Gateway, audit: MemorySink) -> None:
    key = await first_order(gateway)
    audit.records.clear()
    await gateway.read(ENGINEER, KeyRead(source=ORDERS, key=key, field="order_status"))
    begun, ended = audit.records
    assert isinstance(begun, Begun) and isinstance(ended, Ended)
    assert begun.tables == ("order:{order_id:digits}",) and begun.filters == ("order-cache",)
    assert "order:{order_id:digits}.phone:pii.phone" in begun.tags
    assert "order:{order_id:digits}.phone:last4" in begun.masks
    assert (ended.outcome, ended.rows) == ("ok", 1)
    scrubbed = Literals(key_of(bytes(range(64)))).scrubbed(begun)
    assert isinstance(scrubbed, Begun)
    number = key.removeprefix("order:")
    assert number in begun.sql_sent and number not in repr(scrubbed)


async def test_a_refused_key_leaves_its_length_alone(gateway: Gateway, audit: MemorySink) -> None:
    with pytest.raises(ReadError) as refused:
        await gateway.read(ENGINEER, KeyRead(source="session", key="session:qjxzvkqjxzvk"))
    assert refused.value.code is Code.KEY_DENIED
    (ended,) = audit.records
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.phase, ended.dialect) == ("KEY_DENIED", "decide", "redis")
    assert "qjxzvk" not in repr(ended) and "20 characters" in ended.sql_asked


async def test_tables_and_keys_are_told_apart(gateway: Gateway) -> None:
    for request, said in (
        (SqlRead(source=ORDERS, sql="SELECT 1"), "is a Redis cluster"),
        (KeyRead(source="salescrm", key="a"), "holds tables, not keys"),
    ):
        with pytest.raises(ReadError, match=said) as refused:
            await gateway.read(ENGINEER, request)
        assert refused.value.code is Code.INVALID_ARGUMENT
    with pytest.raises(ReadError, match="no such source"):
        await gateway.read(ANALYST, KeyRead(source=ORDERS, key="a"))


async def test_a_short_name_that_two_share_is_that_of_the_kind_asked_for(gateway: Gateway) -> None:
    keys = await gateway.read(ENGINEER, KeyRead(source="scm-shopstock", ask=KeyAsk.SCAN, rows_max=1))
    assert keys.receipt.source == "luckyus-scm-shopstock"
    with pytest.raises(ReadError) as refused:  # the reference set is missing here: it was the database
        await gateway.read(
            ENGINEER, SqlRead(source="scm-shopstock", sql="SELECT COUNT(*) FROM t_shop_goods_stock")
        )
    assert refused.value.code is Code.REFERENCE_UNAVAILABLE


async def test_clusters_are_among_the_sources_of_those_who_may_see_keys(gateway: Gateway) -> None:
    def clusters(principal: object) -> set[str]:
        return {each.name for each in gateway.visible.sources(principal) if each.kind == "fakeredis"}  # type: ignore[arg-type]

    assert len(clusters(ENGINEER)) == len(clusters(DBA)) == 7
    assert clusters(ANALYST) == set()


async def test_a_role_that_sees_metadata_alone(gateway: Gateway) -> None:
    found = await gateway.read(DBA, KeyRead(source=MARKET, ask=KeyAsk.SCAN))
    assert {str(row[0]).partition(":")[2] for row in found.rows} == {"[redacted]"}
    assert "blacklist" not in repr(found.rows) and sum(int(str(row[4])) for row in found.rows) > 100


async def test_health_of_a_cluster(gateway: Gateway) -> None:
    health = await source_health(gateway, DBA, "shopsale")
    (answer,) = health.answers.values()
    assert not isinstance(answer, ReadError)
    assert ("hit_rate", "2.9 %") in answer.rows
    with pytest.raises(ReadError):
        await source_health(gateway, ANALYST, "shopsale")


async def test_keys_of_the_demo_never_end(gateway: Gateway, demo_data: Path) -> None:
    assert (demo_data / f"{ORDERS}.redis.json").is_file()
    result = await gateway.read(ENGINEER, KeyRead(source=ORDERS, key=await first_order(gateway)))
    assert any(note.startswith("ttl ") and note != "ttl none" for note in result.receipt.notes)
    assert {row[0] for row in result.rows} >= {"order_id", "order_status"}
    assert "auth_token" not in repr(result.rows)
