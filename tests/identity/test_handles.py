"""Handles in memory and in a real Redis: found by all who share it, for as long as they hold, hashes alone."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lucky_mcp.errors import ConfigurationError, NotAuthenticated
from lucky_mcp.identity.delegations import (
    SECRET_BYTES,
    Asked,
    DelegationRefused,
    Delegations,
    Handles,
    HandlesAway,
    MemoryHandles,
)
from lucky_mcp.identity.on_behalf import OnBehalf
from lucky_mcp.identity.opened import open_handles
from lucky_mcp.identity.shared_handles import PREFIX, SharedHandles
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import IdentityRules
from lucky_mcp.policy.identity_schema import AppEntry, PersonEntry
from tests.support.redis_server import RedisServer, redis_server

RULES = IdentityRules(
    roles_by_group={"analysts": ("analyst",)},
    apps={
        "app:bridge": AppEntry(owner="o", why="w", delegates_for=("app:ask",), groups=("analysts",)),
        "app:ask": AppEntry(owner="o", why="w"),
    },
)
BRIDGE = Principal(subject="app:bridge", roles=("analyst",))
APP = Principal(subject="app:ask", roles=("analyst",))
ASKED = Asked(subject="ann", groups=("analysts",), ttl_s=60)
ANN = Principal(subject="ann", roles=("analyst",))


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server(password="only-tests-know-it") as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "redis"])
async def handles(
    request: pytest.FixtureRequest, clock: Clock, server: RedisServer
) -> AsyncIterator[Handles]:
    made: Handles = MemoryHandles(clock)
    if request.param == "redis":
        made = SharedHandles(server.url, server.password)
    yield made
    await made.close()


def over(handles: Handles, clock: Clock, rules: IdentityRules = RULES) -> Delegations:
    return Delegations(handles, rules=lambda: rules, now=clock, random_bytes=secrets.token_bytes)


async def test_a_handle_holds_until_it_expires_or_is_revoked(handles: Handles, clock: Clock) -> None:
    delegations = over(handles, clock)
    first, second = await delegations.mint(BRIDGE, ASKED), await delegations.mint(BRIDGE, ASKED)
    assert first.handle != second.handle
    assert await delegations.person_for(APP, first.handle) == ANN
    assert await delegations.revoke(APP, first.delegation.id) is None
    assert await delegations.revoke(BRIDGE, first.delegation.id) == first.delegation
    with pytest.raises(DelegationRefused, match="no such handle"):
        await delegations.person_for(APP, first.handle)
    assert await delegations.person_for(APP, second.handle) == ANN
    clock.ahead = timedelta(seconds=60)
    with pytest.raises(DelegationRefused, match="expired"):
        await delegations.person_for(APP, second.handle)


async def test_another_secret_under_a_known_id_is_nobodys(handles: Handles, clock: Clock) -> None:
    delegations = over(handles, clock)
    minted = await delegations.mint(BRIDGE, ASKED)
    for handle in (minted.handle[:-43] + "A" * 43, minted.handle + "A", minted.handle[:-1], "", "\ud800"):
        with pytest.raises(DelegationRefused):
            await delegations.person_for(APP, handle)


async def test_what_is_kept_is_a_hash_that_ends(server: RedisServer, clock: Clock) -> None:
    handles = SharedHandles(server.url, server.password)
    minted = await over(handles, clock).mint(BRIDGE, ASKED)
    with server.client() as client:
        key = PREFIX + minted.delegation.id
        content = client.get(key)
        assert isinstance(content, bytes) and b"ann" in content
        assert minted.handle[20:].encode() not in content and SECRET_BYTES * 8 >= 128
        assert 0 < int(str(client.ttl(key))) <= 60
        client.set(key, b'{"id": 1}')
    with pytest.raises(DelegationRefused, match="no such handle"):
        await over(handles, clock).person_for(APP, minted.handle)
    await handles.close()


async def test_what_somebody_else_wrote_into_redis_is_no_handle(server: RedisServer, clock: Clock) -> None:
    """Sealed by a key that the replicas share, a record counts under its own id and as it was written."""
    sealed = SharedHandles(server.url, server.password, b"one key for all replicas")
    delegations = over(sealed, clock)
    one, two = await delegations.mint(BRIDGE, ASKED), await delegations.mint(BRIDGE, ASKED)
    replica = over(SharedHandles(server.url, server.password, b"one key for all replicas"), clock)
    assert await replica.person_for(APP, one.handle) == ANN
    with server.client() as client:
        keys = [PREFIX + each.delegation.id for each in (one, two)]
        content = client.get(keys[0])
        assert isinstance(content, bytes)
        for forged in (content.replace(b"ann", b"eve"), b"- " + content.partition(b" ")[2], b"", b" "):
            client.set(keys[0], forged)
            with pytest.raises(DelegationRefused, match="no such handle"):
                await delegations.person_for(APP, one.handle)
        client.set(keys[1], content)  # well sealed, in another place
    with pytest.raises(DelegationRefused, match="no such handle"):
        await delegations.person_for(APP, two.handle)
    other_key = over(SharedHandles(server.url, server.password, b"another key"), clock)
    minted = await delegations.mint(BRIDGE, ASKED)
    with pytest.raises(DelegationRefused, match="no such handle"):
        await other_key.person_for(APP, minted.handle)
    for each in (sealed, replica._handles, other_key._handles):
        await each.close()


OTHER_PROCESS = """
import asyncio, secrets, sys
from datetime import UTC, datetime
from lucky_mcp.errors import NotAuthenticated
from tests.identity.test_handles import APP, BRIDGE, RULES
from lucky_mcp.identity.delegations import Delegations
from lucky_mcp.identity.opened import open_handles

async def main(url, handle):
    handles = open_handles(url, "env:PASSWORD", {"PASSWORD": "only-tests-know-it"}, lambda: datetime.now(UTC))
    known = Delegations(handles, rules=lambda: RULES, now=lambda: datetime.now(UTC), random_bytes=secrets.token_bytes)
    print((await known.person_for(APP, handle)).subject)
    print((await known.revoke(BRIDGE, "d-" + handle[3:19])).subject)
    await handles.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_that_share_a_redis_share_handles(server: RedisServer, clock: Clock) -> None:
    handles = SharedHandles(server.url, server.password)
    delegations = over(handles, clock)
    minted = await delegations.mint(BRIDGE, ASKED)
    assert await delegations.person_for(APP, minted.handle) == ANN
    other = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", OTHER_PROCESS, server.url, minted.handle],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert other.stdout.split() == ["ann", "ann"], other.stderr
    with pytest.raises(DelegationRefused, match="no such handle"):
        await delegations.person_for(APP, minted.handle)
    await handles.close()


async def test_processes_without_a_redis_do_not_share(clock: Clock) -> None:
    minted = await over(MemoryHandles(clock), clock).mint(BRIDGE, ASKED)
    with pytest.raises(DelegationRefused, match="no such handle"):
        await over(MemoryHandles(clock), clock).person_for(APP, minted.handle)


async def test_while_redis_is_away_no_handle_counts(clock: Clock) -> None:
    handles = SharedHandles("unix:///nowhere/redis.sock")
    delegations = over(handles, clock)
    for work in (delegations.mint(BRIDGE, ASKED), delegations.revoke(BRIDGE, "d-0123456789abcdef")):
        with pytest.raises(HandlesAway):
            await work
    callers = OnBehalf(rules=lambda: RULES, delegations=delegations, signed=None)  # type: ignore[arg-type]
    with pytest.raises(NotAuthenticated, match="cannot be looked up now"):
        await callers.caller(APP, "lc_0123456789abcdef_" + "A" * 43, None)
    await handles.close()


async def test_memory_keeps_no_more_than_it_may(clock: Clock) -> None:
    delegations = over(MemoryHandles(clock, kept_max=3), clock)
    minted = [await delegations.mint(BRIDGE, ASKED) for _ in range(3)]
    with pytest.raises(HandlesAway):
        await delegations.mint(BRIDGE, ASKED)
    assert await delegations.person_for(APP, minted[0].handle) == ANN
    clock.ahead = timedelta(seconds=61)
    assert await delegations.mint(BRIDGE, ASKED)


async def test_a_service_vouches_for_its_groups_alone_whoever_the_person_is(clock: Clock) -> None:
    known = {
        "boss": PersonEntry(groups=("executives",)),
        "both": PersonEntry(groups=("executives", "analysts"), attributes={"shops": ("7",)}),
    }
    roles = {**RULES.roles_by_group, "executives": ("executive",)}
    rules = replace(RULES, people=known, roles_by_group=roles)
    delegations = over(MemoryHandles(clock), clock, rules)
    for groups in ((), ("executives",)):
        with pytest.raises(DelegationRefused, match="gives that person a role"):
            await delegations.mint(BRIDGE, replace(ASKED, subject="boss", groups=groups))
    boss = await delegations.mint(BRIDGE, replace(ASKED, subject="boss"))
    assert (await delegations.person_for(APP, boss.handle)).roles == ("analyst",)
    both = await delegations.mint(BRIDGE, replace(ASKED, subject="both", groups=()))
    person = await delegations.person_for(APP, both.handle)
    assert (person.roles, person.attributes) == (("analyst",), {"shops": ("7",)})


async def test_a_group_taken_from_a_service_is_gone_from_its_handles(clock: Clock) -> None:
    rules = replace(RULES, people={"both": PersonEntry(groups=("analysts",))})
    handles = MemoryHandles(clock)
    minted = await over(handles, clock, rules).mint(BRIDGE, replace(ASKED, subject="both"))
    bridge = rules.apps["app:bridge"].model_copy(update={"groups": ()})
    without = replace(rules, apps={**rules.apps, "app:bridge": bridge})
    assert (await over(handles, clock, without).person_for(APP, minted.handle)).roles == ()


async def test_a_process_among_several_makes_no_handle_that_the_others_do_not_know(clock: Clock) -> None:
    with pytest.raises(HandlesAway):
        await over(open_handles("", "", {}, clock, alone=False), clock).mint(BRIDGE, ASKED)
    assert await over(open_handles("", "", {}, clock, alone=True), clock).mint(BRIDGE, ASKED)


def test_what_cannot_be_used_is_told(clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="PASSWORD is not set"):
        open_handles("redis://127.0.0.1:1/0", "env:PASSWORD", {}, clock)
    with pytest.raises(ConfigurationError, match="LUCKY_LIMITS_URL"):
        open_handles("http://127.0.0.1", "", {}, clock)
