from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from lucky_mcp.app.tokens import open_tokens
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.demo import DemoTokens
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.server.ask import ask
from lucky_mcp.server.auth import BearerVerifier, DemoVerifier
from lucky_mcp.server.transports import PortBusy, is_loopback, listen
from lucky_mcp.server.visibility import ToolsetMiddleware
from lucky_mcp.settings import Settings
from tests.server.fakes import TOOLSETS, FakeGateway, rows
from tests.server.wire import ACCEPT, LATEST, OLDER, call_message, direct, served

ANN = Principal(subject="ann", roles=("analyst",), attributes={"shops": ("1", "2")})
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": OLDER,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def verify(secret: str) -> Principal | None:
    return ANN if secret == "lk_good" else None


def demo_auth() -> DemoVerifier:
    return DemoVerifier(DemoTokens(is_role=TOOLSETS.__contains__).verify)


async def post(endpoint: str, message: object, **headers: str) -> tuple[int, dict[str, str], str]:
    async with direct() as client:
        answer = await client.post(endpoint, json=message, headers={**ACCEPT, **headers})
        return answer.status_code, dict(answer.headers), answer.text


@pytest.mark.parametrize("message", [INITIALIZE, LIST], ids=["initialize", "list"])
async def test_a_missing_token_is_401_with_a_challenge(message: object) -> None:
    async with served(BearerVerifier(verify)) as endpoint:
        status, headers, body = await post(endpoint, message)
    assert (status, body) == (401, "")
    assert headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "credential", ["Bearer lk_bad", "Bearer", "Bearer demo-analyst", "Basic bGs6Z29vZA=="]
)
async def test_a_wrong_credential_is_401(credential: str) -> None:
    async with served(BearerVerifier(verify)) as endpoint:
        status, headers, body = await post(endpoint, LIST, Authorization=credential)
    assert status == 401
    assert headers["www-authenticate"].startswith("Bearer")
    assert "lk_bad" not in body


async def test_a_damaged_token_file_authenticates_nobody() -> None:
    def damaged(_: str) -> Principal | None:
        raise ConfigurationError("tokens.json: damaged")

    async with served(BearerVerifier(damaged)) as endpoint:
        status, _, body = await post(endpoint, LIST, Authorization="Bearer lk_good")
    assert status == 401
    assert "tokens.json" not in body


async def test_a_damaged_token_file_is_told_once_for_each_change_of_it(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    verifier = BearerVerifier(open_tokens(Settings(state=tmp_path)).verify)  # type: ignore[call-arg]
    with capture_logs() as logs:
        async with served(verifier) as endpoint:
            for content in ("{", "{", '{"version": 1, "tokens": []}', "["):
                path.unlink(missing_ok=True)
                path.touch(mode=0o600)
                path.write_text(content)
                for _ in range(3):
                    status, _, _ = await post(endpoint, LIST, Authorization="Bearer lk_good")
                    assert status == 401
    told = [each["why"] for each in logs if each["event"] == "nobody can be authenticated"]
    assert len(told) == 3
    assert all(each.startswith(f"{path}: the token file is damaged") for each in told)


async def test_a_good_token_speaks_for_its_principal() -> None:
    gateway = FakeGateway()
    async with served(BearerVerifier(verify), gateway) as endpoint:
        text = await ask(endpoint, token="lk_good", tool="run_query", arguments={"source": "s", "sql": "x"})
    assert text.startswith("OK 1 row · ")
    assert gateway.asked == [(ANN, SqlRead(source="s", sql="x"))]


@pytest.mark.parametrize("version", [OLDER, LATEST])
async def test_one_request_without_a_session_is_answered(version: str) -> None:
    async with served(demo_auth()) as endpoint, direct() as client:
        headers, message = call_message("list_sources", {}, version)
        answer = await client.post(endpoint, json=message, headers=headers)
    assert answer.status_code == 200
    assert "mcp-session-id" not in answer.headers
    if version == OLDER:
        assert answer.headers["content-type"].startswith("text/event-stream")
    payload = answer.text.split("data: ", 1)[-1].strip()
    assert json.loads(payload)["result"]["content"][0]["text"].startswith("OK 2 sources")


DEMO_CALLERS = [
    ({}, 200, "demo:analyst"),
    ({"Authorization": "Bearer demo-dba"}, 200, "demo:dba"),
    ({"Authorization": "bearer demo-dba"}, 200, "demo:dba"),
    ({"Authorization": "Bearer demo-nobody"}, 401, ""),
    ({"Authorization": "Bearer demo-system:catalog"}, 401, ""),
    ({"Authorization": "Bearer lk_good"}, 401, ""),
    ({"Authorization": "Bearer"}, 401, ""),
    ({"Authorization": "Basic ZGVtbw=="}, 401, ""),
]


@pytest.mark.parametrize(("credential", "status", "subject"), DEMO_CALLERS)
async def test_who_calls_in_demo_mode(credential: dict[str, str], status: int, subject: str) -> None:
    gateway = FakeGateway()
    async with served(demo_auth(), gateway) as endpoint, direct() as client:
        headers, message = call_message("run_query", {"source": "s", "sql": "x"}, OLDER)
        answer = await client.post(endpoint, json=message, headers={**headers, **credential})
    assert answer.status_code == status
    assert [principal.subject for principal, _ in gateway.asked] == ([subject] if subject else [])


async def test_toolsets_hold_over_http_too() -> None:
    async with served(demo_auth()) as endpoint:
        _, _, body = await post(endpoint, LIST, Authorization="Bearer demo-executive")
        hidden = await ask(
            endpoint, token="demo-executive", tool="run_query", arguments={"source": "s", "sql": "x"}
        )
    assert json.loads(body.split("data: ", 1)[-1])["result"]["tools"] == []
    assert hidden == "Unknown tool: 'run_query'"


async def test_health_needs_no_token_and_tells_nothing() -> None:
    async with served(BearerVerifier(verify)) as endpoint, direct() as client:
        answer = await client.get(endpoint.replace("/mcp", "/health"))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_other_hosts_and_origins_are_turned_away() -> None:
    async with served(demo_auth()) as endpoint:
        assert (await post(endpoint, LIST, Host="evil.example"))[0] == 421
        assert (await post(endpoint, LIST, Origin="https://evil.example"))[0] == 403
        assert (await post(endpoint, LIST, Origin="http://localhost:3000"))[0] == 200


async def test_allowed_hosts_are_let_in() -> None:
    async with served(demo_auth(), allowed_hosts=("lucky.example",)) as endpoint:
        assert (await post(endpoint, LIST, Host="lucky.example"))[0] == 200
        assert (await post(endpoint, LIST, Host="evil.example"))[0] == 421


@dataclass
class SlowGateway(FakeGateway):
    """Never answers a read; says when one began and when it was cancelled."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, principal: Principal, request: SqlRead) -> ReadResult:
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return rows(("n",))


@pytest.mark.parametrize("version", [OLDER, LATEST])
async def test_a_client_that_goes_away_cancels_its_read(version: str) -> None:
    gateway = SlowGateway()
    headers, message = call_message("run_query", {"source": "s", "sql": "x"}, version)
    async with served(demo_auth(), gateway) as endpoint:
        async with direct() as client:
            request = asyncio.create_task(client.post(endpoint, json=message, headers=headers))
            await asyncio.wait_for(gateway.began.wait(), 10)
            assert not gateway.cancelled.is_set()
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
        await asyncio.wait_for(gateway.cancelled.wait(), 10)


def test_a_busy_port_is_told_as_such() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortBusy, match=f"port {port} on 127.0.0.1 is in use"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_told_as_such() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


async def test_a_call_lists_no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []

    async def noted(self: ToolsetMiddleware, context: Any, call_next: Any) -> Any:
        listed.append(context.method)
        return await call_next(context)

    monkeypatch.setattr(ToolsetMiddleware, "on_list_tools", noted)
    headers, message = call_message("run_query", {"source": "s", "sql": "x"}, LATEST)
    async with served(demo_auth()) as endpoint, direct() as client:
        assert (await client.post(endpoint, json=message, headers=headers)).status_code == 200
        assert listed == []
        await client.post(endpoint, json=LIST, headers={**ACCEPT, "MCP-Protocol-Version": OLDER})
        assert len(listed) == 1
