"""Every provider at once over real HTTP: who is let in, who is not, and what a client is told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import McpError

from lucky_mcp.app.identity import authentication, check_identity, open_identity
from lucky_mcp.app.tokens import open_tokens
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.tokens import TokenStore
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.identity_rules import IdentityRules
from lucky_mcp.server.ask import ask
from lucky_mcp.settings import Settings
from tests.server.fakes import FakeGateway
from tests.server.wire import ACCEPT, direct, served
from tests.support.issuer import Issuer, issuers, key_named

QUESTION = {"source": "s", "sql": "x"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
METADATA = "/.well-known/oauth-protected-resource/mcp"


@pytest.fixture(scope="module")
def signers() -> Iterator[list[Issuer]]:
    with issuers("main", "other") as made:
        yield made


@dataclass
class Served:
    endpoint: str
    gateway: FakeGateway
    tokens: TokenStore

    async def ask(self, secret: str) -> Principal:
        """Who the gateway heard asking when this credential asked."""
        text = await ask(self.endpoint, token=secret, tool="run_query", arguments=QUESTION)
        assert text.startswith("OK "), text
        return self.gateway.asked[-1][0]

    async def status(self, secret: str) -> int:
        async with direct() as client:
            headers = {**ACCEPT, "Authorization": f"Bearer {secret}"}
            return (await client.post(self.endpoint, json=LIST, headers=headers)).status_code


@asynccontextmanager
async def providers(state: Path, rules: IdentityRules, public_url: str = "https://lucky.test") -> Any:
    settings = Settings(state=state, public_url=public_url)  # type: ignore[call-arg]
    gateway: Any = FakeGateway()
    gateway.policies = SimpleNamespace(sources={}, roles={}, identity=rules)
    gateway.audit = MemorySink()
    async with (
        open_identity(settings, gateway, {}) as identity,
        served(authentication(settings, gateway, identity), gateway) as endpoint,
    ):
        yield Served(endpoint, gateway, open_tokens(settings))


def trusting(*trusted: Issuer) -> IdentityRules:
    entries = {
        name: issuer.entry(groups=["analysts"], audiences=[], subject_prefix=prefix)
        for (name, prefix), issuer in zip({"main": "", "other": "o:"}.items(), trusted, strict=False)
    }
    return IdentityRules(issuers=entries, roles_by_group={"analysts": ("analyst",), "dbas": ("dba",)})


@pytest.fixture
async def both(tmp_path: Path, signers: list[Issuer]) -> AsyncIterator[Served]:
    async with providers(tmp_path, trusting(*signers)) as made:
        yield made


async def test_every_provider_lets_its_own_callers_in(both: Served, signers: list[Issuer]) -> None:
    made = both.tokens.create(subject="tim", roles=("dba", "analyst"))
    assert await both.ask(made.secret) == Principal(subject="tim", roles=("dba", "analyst"))
    ann = Principal(subject="ann", roles=("analyst",))
    assert await both.ask(signers[0].token(groups=["analysts", "dbas"])) == ann
    assert await both.ask(signers[1].token(groups=["analysts"])) == replace(ann, subject="o:ann")


async def test_each_provider_does_alone(tmp_path: Path, signers: list[Issuer]) -> None:
    token = signers[0].token(groups=["analysts"])
    async with providers(tmp_path / "a", IdentityRules()) as made:
        assert await made.ask(made.tokens.create(subject="tim", roles=("analyst",)).secret)
        assert await made.status(token) == 401
    async with providers(tmp_path / "b", trusting(signers[0])) as made:
        assert await made.ask(token)
        assert await made.status("lk_" + "A" * 43) == 401


async def test_what_a_client_is_told_of_a_bad_token_is_always_the_same(
    both: Served, signers: list[Issuer]
) -> None:
    main, past = signers[0], int(time.time()) - 1
    bad = {
        "expired": main.token(exp=past),
        "audience": main.token(aud="https://elsewhere.test/mcp"),
        "issuer": main.token(iss="https://evil.example"),
        "algorithm": main.signed_with_the_public_key(),
        "none": main.unsigned(),
        "stranger": main.token(key=key_named("stranger")),
        "subject": main.token(sub="app:ask-lucky"),
        "static": "lk_" + "A" * 43,
        "empty": "x",
    }
    told = set()
    async with direct() as client:
        for secret in bad.values():
            headers = {**ACCEPT, "Authorization": f"Bearer {secret}"}
            answer = await client.post(both.endpoint, json=LIST, headers=headers)
            told.add((answer.status_code, answer.headers["www-authenticate"], answer.text))
        nothing = await client.post(both.endpoint, json=LIST, headers=ACCEPT)
    assert len(told) == 1
    ((status, challenge, text),) = told
    assert status == 401 and f'resource_metadata="https://lucky.test{METADATA}"' in challenge
    for word in ("signature", "audience", "issuer", "revoked", "lucky_mcp"):
        assert word not in challenge + text
    assert nothing.status_code == 401 and METADATA in nothing.headers["www-authenticate"]
    assert both.gateway.asked == []


async def test_the_metadata_names_the_issuers(both: Served, signers: list[Issuer]) -> None:
    async with direct() as client:
        answer = await client.get(both.endpoint.replace("/mcp", METADATA))
        for_sse = await client.get(both.endpoint.replace("/mcp", METADATA.replace("/mcp", "/sse")))
        refused = await client.get(both.endpoint.replace("/mcp", "/sse"))
    assert for_sse.json()["resource"] == "https://lucky.test/sse"
    assert "oauth-protected-resource/sse" in refused.headers["www-authenticate"]
    told = answer.json()
    assert told["resource"] == "https://lucky.test/mcp"
    assert told["authorization_servers"] == [each.url for each in signers]


async def test_without_issuers_there_is_no_metadata(tmp_path: Path) -> None:
    async with providers(tmp_path, IdentityRules()) as made, direct() as client:
        answer = await client.get(made.endpoint.replace("/mcp", METADATA))
        refused = await client.post(made.endpoint, json=LIST, headers=ACCEPT)
    assert answer.status_code == 404
    assert "resource_metadata" not in refused.headers["www-authenticate"]


async def test_a_known_caller_without_a_role_is_told_so(both: Served, signers: list[Issuer]) -> None:
    token = signers[0].token(groups=["everybody"])
    text = await ask(both.endpoint, token=token, tool="run_query", arguments=QUESTION)
    assert text.startswith("ERROR NOT_AUTHENTICATED: you are known here, and none of your groups has a role")
    assert both.gateway.asked == []


async def answered(client: Client[Any]) -> bool:
    """Whether a call of an open session is answered; a refusal may be a result or an error of the protocol."""
    try:
        return not (await client.call_tool_mcp("run_query", QUESTION)).is_error
    except McpError:
        return False


async def test_rules_that_change_count_for_open_sessions(both: Served, signers: list[Issuer]) -> None:
    token, trusted = signers[0].token(groups=["analysts"]), both.gateway.policies.identity
    async with Client(StreamableHttpTransport(both.endpoint, auth=token)) as client:
        assert await answered(client)
        both.gateway.policies.identity = replace(trusted, roles_by_group={})
        assert not await answered(client)
        both.gateway.policies.identity = IdentityRules()
        assert not await answered(client) and await both.status(token) == 401
        both.gateway.policies.identity = trusted
        assert await answered(client)
    assert len(both.gateway.asked) == 2


async def test_a_revoked_token_ends_its_open_session(both: Served) -> None:
    made = both.tokens.create(subject="tim", roles=("analyst",))
    async with Client(StreamableHttpTransport(both.endpoint, auth=made.secret)) as client:
        assert await answered(client)
        both.tokens.revoke(made.id)
        assert not await answered(client) and await both.status(made.secret) == 401
    assert len(both.gateway.asked) == 1


ISSUER = "issuers:\n  one: {issuer: https://one.test, owner: it, jwks_url: 'https://one.test/keys'%s}\n"


@pytest.mark.parametrize(
    ("file", "public_url", "fault"),
    [
        ("", "", "no token exists"),
        ("groups: {}\n", "https://lucky.test", "no token exists"),
        (ISSUER % "", "", "issuer one has no audiences"),
        (ISSUER % "", "https://lucky.test", ""),
        (ISSUER % ", audiences: [lucky]", "", ""),
    ],
)
def test_a_server_that_nobody_could_call_does_not_start(
    file: str, public_url: str, fault: str, tmp_path: Path
) -> None:
    (tmp_path / "policies").mkdir()
    if file:
        (tmp_path / "policies" / "identity.yaml").write_text(file)
    settings = Settings(state=tmp_path, policies=tmp_path / "policies", public_url=public_url)
    if not fault:
        check_identity(settings)
        return
    with pytest.raises(ConfigurationError, match=fault):
        check_identity(settings)


async def test_host_and_origin_are_checked_off_loopback_too(tmp_path: Path) -> None:
    """The server is told another address than it has, as one behind a proxy or on 0.0.0.0 is."""
    from lucky_mcp.server.auth import BearerVerifier
    from lucky_mcp.server.server import build_server
    from lucky_mcp.server.texts import prompts_directory
    from lucky_mcp.server.transports import http_app

    server = build_server(
        gateway=FakeGateway(),  # type: ignore[arg-type]
        identify=lambda: Principal(subject="ann", roles=("analyst",)),
        new_reference=lambda: "e-0001",
        prompts=prompts_directory(),
        auth=BearerVerifier(lambda _: None),
    )
    asked = {
        "evil.example": 421,
        "10.1.2.3:8765": 200,
        "lucky.test": 200,
        "sub.lucky.test": 421,
        "a.wild.test": 200,
        "127.0.0.1": 200,
    }
    app = http_app(server, allowed_hosts=("lucky.test", "*.wild.test")).app
    got = {host: await _health(app, host, {}) for host in asked}
    assert got == asked
    assert await _health(app, "lucky.test", {"Origin": "https://evil.example"}) == 403


async def _health(app: Any, host: str, headers: dict[str, str]) -> int:
    import httpx2

    transport = httpx2.ASGITransport(app)
    sent: list[int] = []

    async def on_another_address(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "server": ("10.1.2.3", 8765)}, receive, send)

    transport.app = on_another_address
    async with httpx2.AsyncClient(transport=transport, base_url="http://x.test") as client:
        sent.append((await client.get("/health", headers={"Host": host, **headers})).status_code)
    return sent[0]


@pytest.mark.parametrize(
    "value",
    ["http://lucky.test", "https://lucky.test/mcp", "lucky.test", "https://u:p@lucky.test", "ftp://x"],
)
def test_an_address_with_more_than_a_name_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(public_url=value)  # type: ignore[call-arg]


@pytest.mark.parametrize("value", ["*", "https://*", "*.*", "lucky.*", "a?b"])
def test_every_name_is_no_list_of_names(value: str) -> None:
    for name in ("allowed_hosts", "allowed_origins"):
        with pytest.raises(ValueError, match=name):
            Settings(**{name: value})


def test_the_public_name_is_an_allowed_host() -> None:
    settings = Settings(public_url="https://lucky.test:8443", allowed_hosts=("a.test",))  # type: ignore[call-arg]
    assert settings.hosts == ("a.test", "lucky.test")
