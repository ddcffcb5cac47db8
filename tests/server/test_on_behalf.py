"""An app asks for people over real HTTP: handles, users' tokens, and every way in which neither counts."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from fastmcp.exceptions import McpError

from lucky_mcp.app import identity as app_identity
from lucky_mcp.app.tokens import open_tokens
from lucky_mcp.audit.record import Event
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.gateway.refusal_log import EVENTS_MAX, RefusalLog
from lucky_mcp.identity.tokens import TokenStore
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import IdentityRules
from lucky_mcp.policy.identity_schema import AppEntry, PersonEntry
from lucky_mcp.server.auth import bearer_caller
from lucky_mcp.server.delegation_routes import BODY_BYTES_MAX
from lucky_mcp.server.on_behalf import USER_TOKEN_HEADER
from lucky_mcp.server.server import build_server
from lucky_mcp.server.texts import prompts_directory
from lucky_mcp.server.transports import endpoint_of, http_app, listen, serve_http
from lucky_mcp.settings import Settings
from tests.server.fakes import FakeGateway
from tests.server.wire import direct
from tests.support.issuer import AUDIENCE, Issuer, issuers, key_named
from tests.support.redis_server import redis_server

QUESTION = {"source": "s", "sql": "x"}
# Everybody with a token of the file: services, apps, a person.
HOLDERS = {
    "app:bridge": ("customer_care",),
    "app:ask": ("analyst", "data_engineer"),
    "app:other": ("analyst",),
    "app:least": ("analyst", "data_engineer"),
    "app:own": ("analyst",),
    "app:unlisted": ("analyst",),
    "ann@x.example": ("analyst",),
}
APP = {"owner": "o", "why": "w"}


def rules(signer: Issuer) -> IdentityRules:
    return IdentityRules(
        issuers={
            "dify": signer.entry(accepts="forwarded", groups=["analysts"]),
            "people": signer.entry(
                issuer=f"{signer.url}/people", groups=["analysts"], services={"client-7": "app:bridge"}
            ),
        },
        roles_by_group={"analysts": ("analyst",), "dbas": ("dba",), "care": ("customer_care",)},
        people={
            "pat@x.example": PersonEntry(groups=("care",), attributes={"shops": ("7",)}),
            "dan@x.example": PersonEntry(groups=("dbas",)),
        },
        apps={
            "app:bridge": AppEntry(
                **APP,
                delegates_for=("app:ask", "app:least"),
                groups=("analysts", "care"),
                ttl_max_s=400,
                delegations_per_minute=6000,
            ),
            "app:slow": AppEntry(
                **APP, delegates_for=("app:ask",), groups=("care",), delegations_per_minute=2
            ),
            "app:ask": AppEntry(**APP, forwarded_by="dify"),
            "app:other": AppEntry(**APP),
            "app:least": AppEntry(**APP, without_person=("customer_care",)),
            "app:own": AppEntry(**APP, without_person="own"),
        },
    )


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class World:
    endpoint: str
    gateway: Any
    secrets: dict[str, str]
    clock: Clock
    audit: MemorySink
    tokens: TokenStore

    async def post(self, by: str, body: object, **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.secrets.get(by, by)}"}
        async with direct(headers=headers) as client:
            given = {"json": body} if not isinstance(body, bytes) else {"content": body}
            return await client.post(self.endpoint.replace("/mcp", "/delegations"), **given, **options)

    async def handle(self, subject: str = "ann@x.example", by: str = "app:bridge", **more: Any) -> str:
        answer = await self.post(by, {"subject": subject, "groups": ["analysts"], "app": "app:ask", **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["lucky_ctx"])

    async def revoke(self, by: str, id: str) -> int:
        async with direct(headers={"Authorization": f"Bearer {self.secrets[by]}"}) as client:
            return (await client.delete(self.endpoint.replace("/mcp", f"/delegations/{id}"))).status_code

    async def call(
        self, by: str, handle: object = None, tool: str = "run_query", headers: dict[str, str] | None = None
    ) -> str:
        transport = StreamableHttpTransport(
            self.endpoint, auth=self.secrets.get(by, by), headers=headers or {}
        )
        arguments = QUESTION if handle is None else {**QUESTION, "lucky_ctx": handle}
        async with Client(transport) as client:
            result = await client.call_tool_mcp(tool, arguments)
        (block,) = result.content
        assert block.type == "text"
        return block.text

    async def asked_as(self, by: str, handle: object = None, **more: Any) -> Principal:
        before = len(self.gateway.asked)
        text = await self.call(by, handle, **more)
        assert text.startswith("OK "), text
        assert len(self.gateway.asked) == before + 1
        return self.gateway.asked[-1][0]

    async def refused(self, by: str, handle: object = None, **more: Any) -> str:
        """The words of a refusal, of which the gateway heard nothing."""
        before = len(self.gateway.asked)
        text = await self.call(by, handle, **more)
        assert text.startswith("ERROR NOT_AUTHENTICATED: ") and len(self.gateway.asked) == before
        return text

    def events(self, kind: str) -> list[Event]:
        return [each for each in self.audit.records if isinstance(each, Event) and each.kind == kind]


@pytest.fixture(scope="module")
def signer() -> Iterator[Issuer]:
    with issuers("main") as (made,):
        yield made


@asynccontextmanager
async def opened(state: Path, identity_rules: IdentityRules, limits_url: str = "") -> AsyncIterator[World]:
    clock, audit = Clock(), MemorySink()
    settings = Settings(state=state, public_url="https://lucky.test", limits_url=limits_url)
    gateway: Any = FakeGateway()
    gateway.policies = SimpleNamespace(sources={}, roles={}, identity=identity_rules)
    gateway.audit = audit
    tokens = open_tokens(settings)
    secrets = {name: tokens.create(subject=name, roles=roles).secret for name, roles in HOLDERS.items()}
    secrets["app:slow"] = tokens.create(subject="app:slow", roles=("analyst",)).secret
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_identity, "now", clock)
        async with app_identity.open_identity(settings, gateway, {}) as identity:
            server = build_server(
                gateway=gateway,
                identify=bearer_caller,
                new_reference=lambda: "e-0001",
                prompts=prompts_directory(),
                auth=app_identity.authentication(settings, gateway, identity),
                resolve=identity.on_behalf.caller,
                note=identity.refusals.note,
                delegating=identity.delegating,
            )
            bound = listen("127.0.0.1", 0)
            ready, stop = asyncio.Event(), asyncio.Event()

            async def until_stopped() -> bool:
                ready.set()
                await stop.wait()
                return False

            task = asyncio.create_task(serve_http(http_app(server), bound, when_ready=until_stopped))
            await asyncio.wait_for(ready.wait(), 10)
            try:
                yield World(endpoint_of(bound), gateway, secrets, clock, audit, tokens)
            finally:
                stop.set()
                await asyncio.wait_for(task, 15)


@pytest.fixture
async def world(tmp_path: Path, signer: Issuer) -> AsyncIterator[World]:
    async with opened(tmp_path, rules(signer)) as made:
        yield made


ANN = Principal(
    subject="ann@x.example",
    roles=("analyst",),
    app=Principal(subject="app:ask", roles=("analyst", "data_engineer")),
)


async def test_an_app_asks_for_the_person_of_its_handle(world: World) -> None:
    handle = await world.handle()
    assert await world.asked_as("app:ask", handle) == ANN
    assert await world.asked_as("app:ask", f" {handle} ") == ANN  # as often as it likes, until it expires
    (made,) = world.events("delegation.created")
    assert (made.principal, made.detail) == (
        "app:bridge",
        "app:ask for ann@x.example, groups analysts, 300 s",
    )
    assert handle not in str(world.audit.records)


async def test_a_person_has_what_the_rules_say_of_it(world: World) -> None:
    pat = await world.asked_as("app:ask", await world.handle("pat@x.example", groups=["dbas", "nobody"]))
    assert (pat.roles, pat.attributes) == (("customer_care",), {"shops": ("7",)})


async def test_every_tool_takes_a_handle(world: World) -> None:
    table = {"source": "s", "table": "luckyus_sales_order.t_sales_order_m"}
    arguments: dict[str, dict[str, object]] = {
        "run_query": QUESTION,
        "check_query": QUESTION,
        "search_catalog": {"question": "x"},
        "describe_table": table,
        "list_sources": {},
    }
    handle = await world.handle()
    async with Client(StreamableHttpTransport(world.endpoint, auth=world.secrets["app:ask"])) as client:
        for tool, given in arguments.items():
            assert (await client.call_tool_mcp(tool, given)).is_error, tool
            assert not (await client.call_tool_mcp(tool, {**given, "lucky_ctx": handle})).is_error, tool


async def test_tools_are_those_that_both_have(world: World) -> None:
    handle = await world.handle("pat@x.example", groups=[])  # customer_care has no list_sources
    text = await world.call("app:ask", handle, tool="list_sources")
    assert text == "Unknown tool: 'list_sources'"


Make = Callable[[World], Any]


async def another_apps(world: World) -> tuple[str, str]:
    return "app:other", await world.handle()


async def another_services(world: World) -> tuple[str, str]:
    return "app:bridge", await world.handle()


async def a_persons(world: World) -> tuple[str, str]:
    return "ann@x.example", await world.handle()


async def an_unlisted_apps(world: World) -> tuple[str, str]:
    return "app:unlisted", await world.handle()


async def an_app_that_may_do_without(world: World) -> tuple[str, str]:
    return "app:own", await world.handle()


async def forged(world: World) -> tuple[str, str]:
    handle = await world.handle()
    return "app:ask", handle[:-1] + ("A" if handle[-1] != "A" else "B")


async def of_another_id(world: World) -> tuple[str, str]:
    one, two = await world.handle(), await world.handle()
    return "app:ask", one[:20] + two[20:]


async def made_up(world: World) -> tuple[str, str]:
    return "app:ask", "lc_0123456789abcdef_" + "A" * 43


async def a_name(world: World) -> tuple[str, str]:
    return "app:ask", "ann@x.example"


async def a_template(world: World) -> tuple[str, str]:
    return "app:ask", "{{#start.lucky_ctx#}}"


async def expired(world: World) -> tuple[str, str]:
    handle = await world.handle(ttl=60)
    assert await world.asked_as("app:ask", handle)
    world.clock.ahead = timedelta(seconds=61)
    return "app:ask", handle


async def replayed_after_revoke(world: World) -> tuple[str, str]:
    handle = await world.handle()
    assert await world.asked_as("app:ask", handle)
    assert await world.revoke("app:bridge", f"d-{handle[3:19]}") == 204
    return "app:ask", handle


async def of_a_service_that_may_no_longer(world: World) -> tuple[str, str]:
    handle = await world.handle()
    known = world.gateway.policies.identity
    apps = {name: each for name, each in known.apps.items() if name != "app:bridge"}
    world.gateway.policies.identity = replace(known, apps=apps)
    return "app:ask", handle


async def of_a_group_that_lost_its_role(world: World) -> tuple[str, str]:
    handle = await world.handle()
    known = world.gateway.policies.identity
    world.gateway.policies.identity = replace(known, roles_by_group={})
    return "app:ask", handle


async def missing(world: World) -> tuple[str, None]:
    return "app:ask", None


async def blank(world: World) -> tuple[str, str]:
    return "app:ask", "  "


MISUSES = [
    another_apps,
    another_services,
    a_persons,
    an_unlisted_apps,
    an_app_that_may_do_without,
    forged,
    of_another_id,
    made_up,
    a_name,
    a_template,
    expired,
    replayed_after_revoke,
    of_a_service_that_may_no_longer,
    of_a_group_that_lost_its_role,
    missing,
    blank,
]


async def test_a_handle_that_does_not_count_is_refused(world: World) -> None:
    before = world.gateway.policies.identity
    for misuse in MISUSES:
        world.gateway.policies.identity, world.clock.ahead = before, timedelta()
        world.audit.records.clear()
        by, handle = await misuse(world)
        text = await world.refused(by, handle)
        (event,) = world.events("caller.refused")
        assert (event.principal, event.target) == (by, "run_query") and event.detail, misuse.__name__
        if handle and handle.startswith("lc_"):
            assert handle not in text and handle[20:] not in str(world.audit.records), misuse.__name__


async def test_a_handle_in_a_header_is_not_read(world: World) -> None:
    handle = await world.handle()
    for name in ("lucky_ctx", "X-Lucky-Ctx", "lucky-ctx"):
        await world.refused("app:ask", headers={name: handle})


async def test_a_handle_that_is_no_text_is_an_argument_error(world: World) -> None:
    text = await world.call("app:ask", 7)
    assert text.startswith("ERROR INVALID_ARGUMENT: argument `lucky_ctx`") and world.gateway.asked == []


async def test_nobody_is_named_by_an_argument(world: World) -> None:
    async with Client(StreamableHttpTransport(world.endpoint, auth=world.secrets["app:own"])) as client:
        for argument in ("user", "subject", "email", "on_behalf_of", "principal"):
            result = await client.call_tool_mcp("run_query", {**QUESTION, argument: "ann@x.example"})
            assert result.is_error and world.gateway.asked == [], argument


async def test_without_a_person_an_app_has_what_its_entry_leaves_it(world: World) -> None:
    least = await world.asked_as("app:least")
    base = Principal(subject="app:least", roles=("analyst", "data_engineer"))
    assert least == Principal(subject="app:least", roles=("customer_care",), app=base)
    assert await world.asked_as("app:own") == Principal(subject="app:own", roles=("analyst",))
    assert await world.asked_as("app:unlisted") == Principal(subject="app:unlisted", roles=("analyst",))
    handle = await world.handle(app="app:least")
    assert (await world.asked_as("app:least", handle)).subject == "ann@x.example"


# Making handles.

REFUSED: dict[str, tuple[str, Any, int]] = {
    "a person": ("ann@x.example", {"subject": "pat@x.example"}, 403),
    "an app that may not": ("app:ask", {"subject": "pat@x.example"}, 403),
    "an unlisted app": ("app:unlisted", {"subject": "pat@x.example"}, 403),
    "nobody": ("lk_bad", {"subject": "pat@x.example"}, 401),
    "no app, of two": ("app:bridge", {"subject": "pat@x.example"}, 403),
    "an app of another service": ("app:bridge", {"subject": "pat@x.example", "app": "app:other"}, 403),
    "itself": ("app:bridge", {"subject": "pat@x.example", "app": "app:bridge"}, 403),
    "nobody's group": ("app:bridge", {"subject": "x", "groups": ["x"], "app": "app:ask"}, 403),
    "a group it may not vouch for": (
        "app:bridge",
        {"subject": "x", "groups": ["dbas"], "app": "app:ask"},
        403,
    ),
    "somebody whose groups are others": ("app:bridge", {"subject": "dan@x.example", "app": "app:ask"}, 403),
    "the gateway": (
        "app:bridge",
        {"subject": "system:catalog", "groups": ["analysts"], "app": "app:ask"},
        403,
    ),
    "an app": ("app:bridge", {"subject": "app:own", "groups": ["analysts"], "app": "app:ask"}, 403),
    "too long": ("app:bridge", {"subject": "pat@x.example", "app": "app:ask", "ttl": 401}, 403),
    "too short": ("app:bridge", {"subject": "pat@x.example", "app": "app:ask", "ttl": 0}, 403),
    "for ever": ("app:bridge", {"subject": "pat@x.example", "app": "app:ask", "ttl": None}, 400),
    "no subject": ("app:bridge", {"app": "app:ask"}, 400),
    "roles of its own": ("app:bridge", {"subject": "x", "roles": ["dba"], "app": "app:ask"}, 400),
    "a list": ("app:bridge", [], 400),
    "no JSON": ("app:bridge", b"subject=x", 400),
    "too much": ("app:bridge", b'{"subject": "' + b"x" * BODY_BYTES_MAX, 413),
}


async def test_a_handle_that_may_not_be_is_not_made(world: World) -> None:
    for what, (by, body, status) in REFUSED.items():
        world.audit.records.clear()
        answer = await world.post(by, body)
        assert (answer.status_code, set(answer.json())) == (status, {"error", "message"}), what
        assert answer.headers["cache-control"] == "no-store"
        kinds = [each.kind for each in world.audit.records if isinstance(each, Event)]
        assert kinds == {403: ["delegation.refused"], 401: ["auth.refused"]}.get(status, []), what


async def test_what_a_service_is_told(world: World) -> None:
    answer = await world.post("app:bridge", {"subject": "pat@x.example", "app": "app:ask", "ttl": 120})
    told = answer.json()
    assert set(told) == {"lucky_ctx", "id", "app", "expires_at", "expires_in"}
    assert (told["app"], told["expires_in"]) == ("app:ask", 120)
    ahead = datetime.fromisoformat(told["expires_at"]) - world.clock()
    assert timedelta(seconds=60) < ahead <= timedelta(seconds=120)


async def test_a_service_may_come_with_a_signed_token_and_without_a_role(
    world: World, signer: Issuer
) -> None:
    token = signer.token(iss=f"{signer.url}/people", sub="client-7")
    assert await world.asked_as("app:ask", await world.handle(by=token)) == ANN
    text = await world.call(token)
    assert text.startswith("ERROR NOT_AUTHENTICATED: ")
    somebody = signer.token(iss=f"{signer.url}/people", sub="ann", groups=["analysts"])
    assert (await world.post(somebody, {"subject": "pat@x.example"})).status_code == 403


async def test_only_who_made_a_handle_takes_it_back(world: World) -> None:
    handle = await world.handle()
    id = f"d-{handle[3:19]}"
    for by in ("app:ask", "ann@x.example", "app:slow"):
        assert await world.revoke(by, id) == 404
    assert await world.asked_as("app:ask", handle) == ANN
    assert [await world.revoke("app:bridge", each) for each in (id, id, "d-x", handle)] == [
        204,
        404,
        404,
        404,
    ]
    (event,) = world.events("delegation.revoked")
    assert (event.principal, event.target) == ("app:bridge", id)


async def test_a_service_is_kept_to_its_rate(world: World) -> None:
    body, began = {"subject": "pat@x.example"}, time.monotonic()
    got = [(await world.post("app:slow", body)) for _ in range(3)]
    assert [each.status_code for each in got] == [201, 201, 429]
    # Two a minute: the next place is free half a minute after the first call, however long these took.
    soonest = max(1, math.ceil(30 - (time.monotonic() - began)))
    assert int(got[2].headers["retry-after"]) in range(soonest, 31)
    assert (await world.post("app:bridge", {**body, "app": "app:ask"})).status_code == 201


async def test_replicas_with_one_redis_know_each_others_handles(tmp_path: Path, signer: Issuer) -> None:
    slow = {"subject": "pat@x.example"}
    with redis_server() as redis:
        async with (
            opened(tmp_path, rules(signer), redis.url) as one,
            opened(tmp_path, rules(signer), redis.url) as other,
        ):
            handle = await one.handle()
            assert await other.asked_as("app:ask", handle) == ANN
            assert await other.revoke("app:bridge", f"d-{handle[3:19]}") == 204
            await one.refused("app:ask", handle)
            statuses = [(await each.post("app:slow", slow)).status_code for each in (one, other, one)]
            assert statuses == [201, 201, 429]  # they count together, too
            redis.stop()
            assert (await one.post("app:bridge", {**slow, "app": "app:ask"})).status_code == 503
            await other.refused("app:ask", handle)


async def test_what_cannot_be_recorded_is_not_handed_out(world: World) -> None:
    world.audit.broken = True
    answer = await world.post("app:bridge", {"subject": "pat@x.example", "app": "app:ask"})
    assert answer.status_code == 503 and "lucky_ctx" not in answer.json()


# Tokens of users that an app hands on.


async def forwarded(world: World, token: str, by: str = "app:ask", handle: object = None) -> Principal:
    return await world.asked_as(by, handle, headers={USER_TOKEN_HEADER: token})


async def test_a_users_token_counts_beside_the_apps_own(world: World, signer: Issuer) -> None:
    assert await forwarded(world, signer.token(sub="ann@x.example", groups=["analysts"])) == ANN


async def test_a_users_token_is_no_credential_by_itself(world: World, signer: Issuer) -> None:
    token = signer.token(groups=["analysts"])
    headers = {USER_TOKEN_HEADER: token}
    async with direct() as client:
        for sent in (headers, {"Authorization": f"Bearer {token}"}):
            answer = await client.post(world.endpoint, json={}, headers=sent)
            assert answer.status_code == 401


def users_tokens(signer: Issuer) -> dict[str, str]:
    past = int(time.time()) - 1
    good = {"sub": "ann@x.example", "groups": ["analysts"]}
    return {
        "expired": signer.token(**good, exp=past),
        "audience": signer.token(**good, aud="https://elsewhere.test/mcp"),
        "issuer": signer.token(**good, iss=f"{signer.url}/people"),
        "stranger": signer.token(**good, key=key_named("stranger")),
        "none": signer.unsigned(**good),
        "no role": signer.token(sub="ann@x.example", groups=["dbas"]),
        "app": signer.token(sub="app:own", groups=["analysts"]),
        "name": "ann@x.example",
        "empty": "",
    }


async def test_a_users_token_that_does_not_hold_is_a_tool_error(world: World, signer: Issuer) -> None:
    for what, token in users_tokens(signer).items():
        text = await world.refused("app:ask", headers={USER_TOKEN_HEADER: token})
        assert "401" not in text and (not token or token not in text), what
    assert len(world.events("caller.refused")) == len(users_tokens(signer))


async def test_only_an_app_that_is_set_up_hands_tokens_on(world: World, signer: Issuer) -> None:
    headers = {USER_TOKEN_HEADER: signer.token(sub="ann@x.example", groups=["analysts"])}
    for by in ("app:own", "app:least", "app:unlisted", "app:bridge", "ann@x.example"):
        await world.refused(by, headers=headers)


async def test_two_ways_to_say_for_whom_are_one_too_many(world: World, signer: Issuer) -> None:
    headers = {USER_TOKEN_HEADER: signer.token(sub="ann@x.example", groups=["analysts"])}
    await world.refused("app:ask", await world.handle(), headers=headers)


# Who was turned away, in the audit.


async def test_requests_without_a_credential_that_holds_are_recorded(world: World, signer: Issuer) -> None:
    secret = "lk_" + "A" * 43
    tokens = [None, secret, signer.token(iss=f"{signer.url}/people", aud="x"), "a.b.c"]
    async with direct() as client:
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            assert (await client.post(world.endpoint, json={}, headers=headers)).status_code == 401
    details = [each.detail.partition("; from ")[0] for each in world.events("auth.refused")]
    assert details == [
        "no bearer credential",
        "no such token, or one that has expired or was revoked",
        "its claim aud does not hold",
        "it is no signed token",
    ]
    assert all(
        each.target == "/mcp" and each.detail.endswith("127.0.0.1") for each in world.events("auth.refused")
    )
    for token in tokens[1:]:
        assert str(token) not in str(world.audit.records)


async def test_nobody_fills_the_log_by_being_refused() -> None:
    audit, clock = MemorySink(), Clock()
    log = RefusalLog(audit, now=clock)
    for number in range(EVENTS_MAX + 70):
        await log.note("auth.refused", "-", f"/mcp{'x' * 1_000}", f"number {number}")
    assert len(audit.records) == EVENTS_MAX
    clock.ahead += timedelta(minutes=2)
    await log.note("auth.refused", "-", "/mcp", "after")
    kept = [each.detail for each in audit.records[EVENTS_MAX:] if isinstance(each, Event)]
    assert [each.partition(" since")[0] for each in kept] == ["70 more refusals", "after"]
    assert max(len(str(each)) for each in audit.records) < 1_000
    await log.note("auth.refused", "-", "/mcp", "one more")
    await log.close()
    assert len(audit.records) == EVENTS_MAX + 3


async def test_refusals_of_callers_are_kept_whoever_knocks_besides() -> None:
    audit, clock = MemorySink(), Clock()
    log = RefusalLog(audit, now=clock)
    for number in range(EVENTS_MAX + 70):
        await log.note("auth.refused", "-", "/mcp", f"number {number}")
    for number in range(EVENTS_MAX + 2):
        await log.note("delegation.refused", "app:bridge", "app:ask for ann", f"number {number}")
    await log.note("caller.refused", "app:ask", "run_query", "expired")
    await log.close()
    events = [each for each in audit.records if isinstance(each, Event)]
    assert Counter(each.kind for each in events) == {
        "auth.refused": EVENTS_MAX + 1,
        "delegation.refused": EVENTS_MAX + 1,
        "caller.refused": 1,
    }
    left_out = [(each.kind, each.detail.partition(" since")[0]) for each in events[-2:]]
    assert left_out == [("auth.refused", "70 more refusals"), ("delegation.refused", "2 more refusals")]


def test_the_audience_is_this_servers_own() -> None:
    assert AUDIENCE == "https://lucky.test/mcp"


# On SSE, where a session lives longer than a request.


async def test_each_call_of_an_open_stream_says_for_whom_it_is(world: World, signer: Issuer) -> None:
    sse = world.endpoint.replace("/mcp", "/sse")
    handle, pats = await world.handle(), await world.handle("pat@x.example", groups=[])
    async with Client(SSETransport(sse, auth=world.secrets["app:ask"])) as client:

        async def said(**more: str) -> str:
            return str((await client.call_tool_mcp("run_query", {**QUESTION, **more})).content[0].text)  # type: ignore[union-attr]

        for given, subject in ((handle, "ann@x.example"), (pats, "pat@x.example"), (handle, "ann@x.example")):
            assert (await said(lucky_ctx=given)).startswith("OK ")
            assert world.gateway.asked[-1][0].subject == subject
        assert (await said()).startswith("ERROR NOT_AUTHENTICATED: ")
        assert await world.revoke("app:bridge", f"d-{handle[3:19]}") == 204
        assert (await said(lucky_ctx=handle)).startswith("ERROR NOT_AUTHENTICATED: ")
    users = {USER_TOKEN_HEADER: signer.token(sub="ann@x.example", groups=["analysts"])}
    async with Client(SSETransport(sse, auth=world.secrets["app:ask"], headers=users)) as client:
        assert not (await client.call_tool_mcp("run_query", QUESTION)).is_error
    assert world.gateway.asked[-1][0] == ANN


async def test_a_revoked_token_ends_what_its_open_stream_may(world: World) -> None:
    sse = world.endpoint.replace("/mcp", "/sse")
    secret = world.secrets["ann@x.example"]
    async with Client(SSETransport(sse, auth=secret)) as client:
        assert not (await client.call_tool_mcp("run_query", QUESTION)).is_error
        (id,) = [each.id for each in world.tokens.tokens() if each.subject == "ann@x.example"]
        world.tokens.revoke(id)
        with pytest.raises(McpError):
            await asyncio.wait_for(client.call_tool_mcp("run_query", QUESTION), 30)
    assert len(world.gateway.asked) == 1
    assert {each.target for each in world.events("auth.refused")} >= {"/messages/"}
