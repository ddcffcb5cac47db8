"""What changes on a real server under a reviewed snapshot: reported, never shown, and a clear error where it is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import structlog

from lucky_mcp.audit.record import Event
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.gateway.watch_catalogs import CatalogWatch
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Kind
from tests.live.conftest import Server
from tests.live.zoo import Zoo, make_zoo
from tests.support.house import ANALYST, NOW, gateway_over

COLUMNS = ["id", "user_no", "phone", "amount", "is_test", "at"]
INTERVAL_S = 1000.0
BOUND_S = 5.0


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged, kept from the place that other tests have set up for it."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
async def zoo(server: Server, tmp_path: Path) -> Zoo:
    """Each server in turn, its tables reviewed and granted."""
    made = make_zoo(server.kind, server.running, tmp_path / "policies")
    made.admin(
        "INSERT INTO t_user (id, user_no, phone, amount, is_test) VALUES (1, 'a', '2125550101', 2, FALSE)"
    )
    await made.accepted()
    made.grant({"t_user": COLUMNS, "v_plain": ["id"], "Mixed Case": ["order"]})
    return made


def watch_over(gateway: Gateway, audit: MemorySink) -> CatalogWatch:
    return CatalogWatch(gateway, audit, interval_s=INTERVAL_S, now=lambda: NOW, chance=lambda: 0.5)


async def outcome(gateway: Gateway, sql: str) -> object:
    """The rows, or the code of the refusal, which comes in time."""
    began = time.monotonic()
    try:
        return list((await gateway.read(ANALYST, SqlRead(source="zoo", sql=sql))).rows)
    except ReadError as refused:
        assert time.monotonic() - began < BOUND_S
        assert "ERROR" in refused.agent_text and "lucky_scan" not in refused.agent_text
        return refused.code


async def test_what_is_new_is_reported_and_absent(zoo: Zoo, logged: list[Any]) -> None:
    gateway, audit = zoo.gateway(), MemorySink()
    watch = watch_over(gateway, audit)
    assert (await watch.look_at("zoo")).lines == ()
    zoo.admin("ALTER TABLE t_user ADD contact_info VARCHAR(20)", "CREATE TABLE t_new (a INT)")
    drift = await watch.look_at("zoo")
    await watch.look_at("zoo")
    table, column = drift.lines
    assert table == "+ table zoo.t_new" and column.startswith("+ column zoo.t_user.contact_info ")
    assert not drift.changed
    assert [entry["event"] for entry in logged] == ["catalog drift"], "told once"
    (event,) = [record for record in audit.records if isinstance(record, Event)]
    assert (event.kind, event.target, event.principal) == ("catalog.drifted", "zoo", "system:catalog")
    star = await gateway.read(ANALYST, SqlRead(source="zoo", sql="SELECT * FROM zoo.t_user"))
    assert star.columns == tuple(COLUMNS)
    assert await outcome(gateway, "SELECT contact_info FROM zoo.t_user") is Code.UNKNOWN_NAME
    assert await outcome(gateway, "SELECT * FROM zoo.t_new") is Code.UNKNOWN_NAME
    await gateway.close()


async def test_a_column_that_is_gone(zoo: Zoo) -> None:
    gateway = zoo.gateway()
    watch = watch_over(gateway, MemorySink())
    assert await outcome(gateway, "SELECT id FROM zoo.t_user") == [(1,)]
    zoo.admin("DROP VIEW IF EXISTS v_text", "ALTER TABLE t_user DROP COLUMN amount" + cascade(zoo))
    assert await outcome(gateway, "SELECT amount FROM zoo.t_user") is Code.SOURCE_UNAVAILABLE
    assert gateway.drifts.is_suspected("zoo"), "to be looked at soon"
    assert await outcome(gateway, "SELECT nothing FROM zoo.t_user") in {
        Code.UNKNOWN_NAME,
        Code.SOURCE_UNAVAILABLE,
    }
    assert await outcome(gateway, f"SELECT COUNT(*) FROM zoo.{mixed(zoo)}") == [(0,)], "other tables go on"
    assert "- column zoo.t_user.amount" in (await watch.look_at("zoo")).lines
    await gateway.close()


async def test_a_table_that_is_gone(zoo: Zoo) -> None:
    gateway = zoo.gateway()
    zoo.admin("DROP TABLE t_user" + cascade(zoo))
    assert await outcome(gateway, "SELECT id FROM zoo.t_user") is Code.SOURCE_UNAVAILABLE
    assert "- table zoo.t_user" in (await watch_over(gateway, MemorySink()).look_at("zoo")).lines
    await gateway.close()


async def test_a_column_of_another_type_is_not_read_once_it_is_seen(zoo: Zoo) -> None:
    gateway = zoo.gateway()
    watch = watch_over(gateway, MemorySink())
    zoo.admin(*retyped(zoo, "user_no", "VARCHAR(64)"))
    assert not (await watch.look_at("zoo")).changed, "a longer text is told and harms nothing"
    assert await outcome(gateway, "SELECT id FROM zoo.t_user") == [(1,)]
    zoo.admin(*retyped(zoo, "phone", "BIGINT"))
    drift = await watch.look_at("zoo")
    assert any(line.startswith("~ column zoo.t_user.phone") for line in drift.lines)
    assert await outcome(gateway, "SELECT id FROM zoo.t_user") is Code.SOURCE_UNAVAILABLE
    assert await outcome(gateway, "SELECT id FROM zoo.v_plain") is Code.SOURCE_UNAVAILABLE, "below views too"
    assert await outcome(gateway, f"SELECT COUNT(*) FROM zoo.{mixed(zoo)}") == [(0,)], "other tables go on"
    await gateway.close()
    await zoo.accepted()
    zoo.grant({"t_user": COLUMNS})
    reviewed = zoo.gateway()
    assert await outcome(reviewed, "SELECT id FROM zoo.t_user") == [(1,)]
    await reviewed.close()


async def test_a_table_that_became_a_view_is_not_read(zoo: Zoo) -> None:
    """A view reads what its owner may: filters of a table do not hold below it."""
    gateway = zoo.gateway()
    name = mixed(zoo)
    column = quoted(zoo, "order")
    zoo.admin(f"DROP TABLE {name}" + cascade(zoo), f"CREATE VIEW {name} AS SELECT id AS {column} FROM t_user")
    await watch_over(gateway, MemorySink()).look_at("zoo")
    assert await outcome(gateway, f"SELECT COUNT(*) FROM zoo.{name}") is Code.SOURCE_UNAVAILABLE
    await gateway.close()


async def test_one_source_that_cannot_be_looked_at_holds_up_no_other(zoo: Zoo) -> None:
    policies = zoo.policies()
    plain = policies.sources["zoo"]
    assert plain.server is not None
    away = replace(plain, name="away", short_name="away", server=replace(plain.server, host="/nowhere"))
    both = replace(
        policies,
        sources=MappingProxyType({"away": away, "zoo": plain}),
        catalogs=MappingProxyType({**policies.catalogs, "away": policies.catalogs["zoo"]}),
    )
    gateway = gateway_over(both, environment=zoo.environment)
    watch = watch_over(gateway, MemorySink())
    zoo.admin("CREATE TABLE t_new (a INT)")
    await watch.look_at_due(0.0)
    assert gateway.drifts.of("zoo") is None, "nothing is opened at the start"
    await watch.look_at_due(INTERVAL_S / 2)
    found, failed = gateway.drifts.of("zoo"), gateway.drifts.of("away")
    assert found is not None and found.lines == ("+ table zoo.t_new",) and not found.failure
    assert failed is not None and failed.failure and not failed.lines
    zoo.admin("DROP TABLE t_new")
    await watch.look_at_due(INTERVAL_S)
    assert gateway.drifts.of("zoo") is found, "not before half the interval is over"
    await watch.look_at_due(2 * INTERVAL_S)
    again = gateway.drifts.of("zoo")
    assert again is not None and again.lines == ()
    await gateway.close()


def cascade(zoo: Zoo) -> str:
    return " CASCADE" if zoo.kind is Kind.POSTGRES else ""


def quoted(zoo: Zoo, name: str) -> str:
    return f"`{name}`" if zoo.kind is Kind.MYSQL else f'"{name}"'


def mixed(zoo: Zoo) -> str:
    return quoted(zoo, "Mixed Case")


def retyped(zoo: Zoo, column: str, type_: str) -> list[str]:
    if zoo.kind is Kind.MYSQL:
        collated = " COLLATE utf8mb4_bin NOT NULL" if "CHAR" in type_ else ""
        return [f"ALTER TABLE t_user MODIFY {column} {type_}{collated}"]
    return [
        "DROP VIEW IF EXISTS v_plain, v_agg, v_text, v_in, v_win CASCADE",
        f"ALTER TABLE t_user ALTER COLUMN {column} TYPE {type_} USING {column}::text::{type_}",
    ]
