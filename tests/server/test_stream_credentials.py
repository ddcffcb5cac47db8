"""An SSE stream ends with the credential by which it was opened, also where nobody asks anything on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastmcp.server.auth import AuthProvider

from lucky_mcp.app.tokens import open_tokens
from lucky_mcp.identity.authenticator import Authenticator
from lucky_mcp.identity.signed_tokens import SignedTokens
from lucky_mcp.identity.signing_keys import SigningKeys
from lucky_mcp.identity.tokens import TokenStore
from lucky_mcp.policy.identity_rules import IdentityRules
from lucky_mcp.server.auth import BearerVerifier, CredentialVerifier
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.key_fetch import fetch_keys
from lucky_mcp.server.transports import HttpApp
from lucky_mcp.settings import Settings
from tests.clients.dify import DifyLike, LostConnection, WrongPassword
from tests.server.sse_session import raw_session
from tests.server.test_http import ANN
from tests.server.test_sse import QUESTION, SlowGateway, demo_auth
from tests.server.wire import direct, served
from tests.support.issuer import AUDIENCE, Issuer, issuers
from tests.support.patience import until

LIMITS = HttpLimits(credentials_checked_s=0.05)
WHILE_IT_HOLDS = 0.5


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuers("main") as (made,):
        yield made


@dataclass
class Clock:
    """What time it is for whoever checks credentials."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class House:
    """The callers that a server knows, and its application."""

    tokens: TokenStore
    clock: Clock
    app: HttpApp
    url: str

    @asynccontextmanager
    async def stream(self, secret: str) -> AsyncIterator[Any]:
        """The lines of a stream behind its first event."""
        headers = {"Authorization": f"Bearer {secret}"}
        async with direct(headers=headers) as client, client.stream("GET", self.url) as response:
            assert response.status_code == 200
            lines = response.aiter_lines()
            async for line in lines:
                if line.startswith("data: "):
                    break
            yield lines


@pytest.fixture
async def house(tmp_path: Path, issuer: Issuer) -> AsyncIterator[House]:
    clock = Clock()
    tokens = open_tokens(Settings(state=tmp_path))  # type: ignore[call-arg]
    tokens._now = clock
    keys = SigningKeys(fetch=fetch_keys, environment={}, ticks=lambda: 0.0)
    signed = SignedTokens(keys=keys, audiences=(AUDIENCE,), now=clock)
    rules = IdentityRules(issuers={"main": issuer.entry()}, roles_by_group={"analysts": ("analyst",)})
    known = Authenticator(holder=tokens.holder, signed=signed, rules=lambda: rules)
    async with running(CredentialVerifier(known.authenticate)) as (app, url):
        yield House(tokens, clock, app, url)


@asynccontextmanager
async def running(auth: AuthProvider, gateway: Any = None) -> AsyncIterator[tuple[HttpApp, str]]:
    made: list[HttpApp] = []

    def prepare(app: HttpApp) -> HttpApp:
        made.append(app)
        return app

    async with served(auth, gateway, limits=LIMITS, prepare=prepare) as endpoint:
        yield made[0], endpoint.replace("/mcp", "/sse")


async def is_broken_off(lines: Any) -> None:
    """Its client is told that it was no orderly end, which some would not notice."""
    with pytest.raises(httpx2.RemoteProtocolError):
        async for _ in lines:
            pass


async def stays_open(lines: Any) -> None:
    async def read_on() -> None:
        async for _ in lines:
            pass

    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(read_on(), WHILE_IT_HOLDS)


async def test_a_stream_ends_when_its_token_is_revoked(house: House) -> None:
    mine = house.tokens.create(subject="ann", roles=("analyst",))
    other = house.tokens.create(subject="bob", roles=("analyst",))
    async with house.stream(mine.secret) as lines, house.stream(other.secret) as others:
        house.tokens.revoke(mine.id)
        await asyncio.wait_for(is_broken_off(lines), 10)
        assert len(house.app.streams) == 1
        await stays_open(others)


async def test_the_end_of_a_stream_is_no_defect(house: House, caplog: pytest.LogCaptureFixture) -> None:
    made = house.tokens.create(subject="ann", roles=("analyst",))
    async with house.stream(made.secret) as lines:
        house.tokens.revoke(made.id)
        await asyncio.wait_for(is_broken_off(lines), 10)
    await until(lambda: len(house.app.streams) == 0)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def test_a_stream_ends_when_its_token_expires(house: House) -> None:
    soon = house.clock() + timedelta(hours=1)
    made = house.tokens.create(subject="ann", roles=("analyst",), expires=soon)
    async with house.stream(made.secret) as lines:
        house.clock.ahead = timedelta(hours=1)
        await asyncio.wait_for(is_broken_off(lines), 10)


async def test_a_stream_ends_when_its_signed_token_expires(house: House, issuer: Issuer) -> None:
    async with house.stream(issuer.token(groups=["analysts"])) as lines:
        house.clock.ahead = timedelta(days=1)
        await asyncio.wait_for(is_broken_off(lines), 10)


async def test_a_stream_ends_when_the_token_file_is_damaged(house: House) -> None:
    made = house.tokens.create(subject="ann", roles=("analyst",))
    async with house.stream(made.secret) as lines:
        house.tokens._path.write_text("{")
        await asyncio.wait_for(is_broken_off(lines), 10)


async def test_an_open_call_is_told_why_its_stream_ends() -> None:
    gateway, known = SlowGateway(), {"lk_ann"}
    tokens = {"Authorization": "Bearer lk_ann"}
    async with running(_holders(known), gateway) as (_, url):
        endpoint = url.replace("/sse", "/mcp")
        async with raw_session(endpoint, QUESTION, tokens) as (lines, _):
            await asyncio.wait_for(gateway.began.wait(), 10)
            known.clear()
            told = await asyncio.wait_for(_told(lines), 10)
        await asyncio.wait_for(gateway.cancelled.wait(), 10)
    assert '"id":1' in told[-1] and '"httpStatus":401' in told[-1]


async def test_a_client_like_difys_finds_out_on_connecting_anew() -> None:
    known = {"lk_ann"}
    async with running(_holders(known)) as (app, url):
        client = DifyLike(url, headers={"Authorization": "Bearer lk_ann"}, endpoint_seconds=20)
        await asyncio.to_thread(client.__enter__)
        try:
            known.clear()
            await until(lambda: len(app.streams) == 0)
            with pytest.raises(LostConnection):
                await asyncio.to_thread(client.call, "list_sources")
        finally:
            await asyncio.to_thread(client.__exit__)
        with pytest.raises(WrongPassword):
            await asyncio.to_thread(client.__enter__)


async def test_a_stream_without_a_credential_stays_where_none_is_needed() -> None:
    async with (
        running(demo_auth()) as (app, url),
        direct() as client,
        client.stream("GET", url) as response,
    ):
        await stays_open(response.aiter_lines())
        assert len(app.streams) == 1


def _holders(known: set[str]) -> CredentialVerifier:
    return BearerVerifier(lambda secret: ANN if secret in known else None)


async def _told(lines: Any) -> list[str]:
    """All that comes before the stream is broken off."""
    told: list[str] = []
    with pytest.raises(httpx2.RemoteProtocolError):
        async for line in lines:
            told += [line] if line.startswith("data: ") else []
    return told
