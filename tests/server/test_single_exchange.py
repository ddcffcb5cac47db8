"""Calls on /mcp of older clients are answered as the protocol library answers them, only sooner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from fastmcp.server.auth.middleware import RequireAuthMiddleware
from fastmcp.server.http import StreamableHTTPASGIApp
from starlette.routing import Route

from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.server import single_exchange
from lucky_mcp.server.auth import BearerVerifier, DemoVerifier
from lucky_mcp.server.single_exchange import SingleExchange
from lucky_mcp.server.transports import MCP_PATH, HttpApp
from tests.server.fakes import FakeGateway
from tests.server.harness import ANALYST
from tests.server.wire import ACCEPT, OLDER, direct, served

JSON = {"Content-Type": "application/json"}
USUAL = {**ACCEPT, **JSON, "MCP-Protocol-Version": OLDER}


def call(arguments: object, **members: object) -> dict[str, object]:
    """A call of run_query with other `members` where they are given."""
    params = {"name": "run_query", "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params, **members}


ROWS = call({"source": "sales", "sql": "SELECT 1"})
# Headers and bodies of requests, good and bad, each for the reason its name gives.
REQUESTS: dict[str, tuple[dict[str, str], object]] = {
    "rows": (USUAL, ROWS),
    "a number as text": (USUAL, {**ROWS, "id": "7"}),
    "an id of words": (USUAL, {**ROWS, "id": "one call"}),
    "an id that is null": (USUAL, {**ROWS, "id": None}),
    "an id that is true": (USUAL, {**ROWS, "id": True}),
    "an id with a fraction": (USUAL, {**ROWS, "id": 1.5}),
    "no id": (USUAL, {name: value for name, value in ROWS.items() if name != "id"}),
    "another version of JSON-RPC": (USUAL, {**ROWS, "jsonrpc": "1.0"}),
    "a member too many": (USUAL, {**ROWS, "more": 1}),
    "a result beside the method": (USUAL, {**ROWS, "result": {}}),
    "no version of the protocol": ({**ACCEPT, **JSON}, ROWS),
    "the first version": ({**USUAL, "MCP-Protocol-Version": "2024-11-05"}, ROWS),
    "an unknown version": ({**USUAL, "MCP-Protocol-Version": "1999-01-01"}, ROWS),
    "any content is accepted": ({**USUAL, "Accept": "*/*"}, ROWS),
    "streams are not accepted": ({**USUAL, "Accept": "application/json"}, ROWS),
    "JSON is not accepted": ({**USUAL, "Accept": "text/event-stream"}, ROWS),
    "a charset": ({**USUAL, "Content-Type": "application/json; charset=utf-8"}, ROWS),
    "another content": ({**USUAL, "Content-Type": "text/plain"}, ROWS),
    "no params": (USUAL, call({}, params=None)),
    "params that are a list": (USUAL, call({}, params=[1])),
    "no name": (USUAL, call({}, params={"arguments": {}})),
    "a name that is a number": (USUAL, call({}, params={"name": 3, "arguments": {}})),
    "an unknown tool": (USUAL, call({}, params={"name": "drop_table", "arguments": {}})),
    "a tool of another role": (USUAL, call({}, params={"name": "read_redis", "arguments": {"key": "a"}})),
    "arguments missing": (USUAL, call({"source": "sales"})),
    "arguments of another type": (USUAL, call({"source": "sales", "sql": 3, "max_rows": "many"})),
    "arguments that are text": (USUAL, call("sales")),
    "an argument too many": (USUAL, call({"source": "sales", "sql": "SELECT 1", "user": "root"})),
    "meta": (USUAL, call({}, params={**ROWS["params"], "_meta": {"progressToken": 3, "a": 1}})),  # type: ignore[dict-item]
    "meta that is text": (USUAL, call({}, params={**ROWS["params"], "_meta": "a"})),  # type: ignore[dict-item]
    "another method": (USUAL, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
    "an unknown method": (USUAL, {"jsonrpc": "2.0", "id": 1, "method": "tools/drop"}),
    "a notification": (USUAL, {"jsonrpc": "2.0", "method": "notifications/initialized"}),
    "a batch": (USUAL, [ROWS, ROWS]),
    "a word": (USUAL, "tools/call"),
    "no JSON": (USUAL, b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"'),
    "nothing": (USUAL, b""),
    "broken UTF-8": (
        USUAL,
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "\xff"}}',
    ),
    "half a surrogate": (
        USUAL,
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\ud800"}}',
    ),
    "a name twice": (USUAL, b'{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"x"}}'),
    "deep nesting": (USUAL, b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + b"[" * 5000),
    "not a number": (USUAL, b'{"jsonrpc":"2.0","id":NaN,"method":"tools/call","params":{"name":"x"}}'),
}


def by_the_library(app: HttpApp) -> HttpApp:
    """Take the room that is tested out again."""
    for route in app.app.routes:
        if isinstance(route, Route) and route.path == MCP_PATH:
            door = route.app
            assert isinstance(door, RequireAuthMiddleware)
            assert isinstance(door.app, SingleExchange)
            door.app = door.app._app
            assert isinstance(door.app, StreamableHTTPASGIApp)
    return app


def auth() -> DemoVerifier:
    return DemoVerifier(lambda _: ANALYST)


async def answer_of(endpoint: str, headers: dict[str, str], message: object) -> tuple[int, str, Any]:
    """Status, kind of content, and the messages that were sent, as far as they are JSON."""
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    async with direct() as client:
        answer = await client.post(endpoint, content=content, headers=headers)
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return answer.status_code, kind, messages_in(answer.text) if "stream" in kind else answer.text


def messages_in(text: str) -> list[Any]:
    """The messages of a stream of events, in their order; pings are none."""
    lines = [line for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both() -> AsyncIterator[tuple[str, str]]:
    """The server as it is, and one in which the library answers everything."""
    async with served(auth()) as ours, served(auth(), prepare=by_the_library) as theirs:
        yield ours, theirs


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", REQUESTS)
async def test_the_answer_is_the_librarys(both: tuple[str, str], name: str) -> None:
    ours, theirs = [await answer_of(endpoint, *REQUESTS[name]) for endpoint in both]
    assert ours == theirs


@pytest.mark.asyncio(loop_scope="module")
async def test_calls_do_take_the_short_way(both: tuple[str, str]) -> None:
    lengths = []
    for endpoint in both:
        async with direct() as client:
            answer = await client.post(endpoint, json=ROWS, headers=USUAL)
            lengths.append(answer.headers.get("content-length"))
    assert (lengths[0] is not None, lengths[1]) == (True, None)


class Slow(FakeGateway):
    """Reads that take as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def read(self, principal: Principal, request: SqlRead) -> ReadResult:
        await self.go_on.wait()
        return await super().read(principal, request)


async def test_a_long_call_tells_how_long_it_runs_ahead_of_its_answer() -> None:
    gateway = Slow()
    params = {**ROWS["params"], "_meta": {"progressToken": "p"}}  # type: ignore[dict-item]
    async with served(auth(), gateway, calls={"progress_s": 0.02}) as endpoint:
        asyncio.get_running_loop().call_later(0.3, gateway.go_on.set)
        status, _, messages = await answer_of(endpoint, USUAL, call({}, params=params))
    *told, answer = messages
    assert (status, answer["id"]) == (200, 1)
    assert "result" in answer
    assert {each["method"] for each in told} == {"notifications/progress"}
    assert {each["params"]["progressToken"] for each in told} == {"p"}


async def test_nobody_is_told_who_did_not_ask_for_it() -> None:
    gateway = Slow()
    async with served(auth(), gateway, calls={"progress_s": 0.02}) as endpoint:
        asyncio.get_running_loop().call_later(0.2, gateway.go_on.set)
        _, _, messages = await answer_of(endpoint, USUAL, ROWS)
    assert [each["id"] for each in messages] == [1]


async def test_proxies_see_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Slow()

    def soon(app: HttpApp) -> HttpApp:
        for route in app.app.routes:
            if isinstance(route, Route) and route.path == MCP_PATH:
                monkeypatch.setattr(route.app.app, "_ping_s", 0.02)  # type: ignore[attr-defined]
        return app

    async with served(auth(), gateway, prepare=soon) as endpoint, direct() as client:
        asyncio.get_running_loop().call_later(0.3, gateway.go_on.set)
        answer = await client.post(endpoint, json=ROWS, headers=USUAL)
    assert answer.text.startswith(": ping")
    assert len(messages_in(answer.text)) == 1


async def test_a_defect_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> dict[str, Any]:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(single_exchange, "serve_one", broken)
    async with served(auth()) as endpoint:
        status, _, messages = await answer_of(endpoint, USUAL, ROWS)
    assert status == 200
    assert messages == [
        {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "Internal server error"}}
    ]
    assert "secret words" in caplog.text


async def test_without_a_credential_nobody_is_answered() -> None:
    async with served(BearerVerifier(lambda _: None)) as endpoint, direct() as client:
        assert (await client.post(endpoint, json=ROWS, headers=USUAL)).status_code == 401


async def test_a_body_beyond_the_limit_is_refused_and_goes_nowhere() -> None:
    library = StreamableHTTPASGIApp(None)
    library.session_manager = object()  # type: ignore[assignment]  # whatever it were asked would fail
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(ROWS).encode(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in USUAL.items()]
    scope = {"type": "http", "method": "POST", "path": MCP_PATH, "headers": headers}
    await SingleExchange(library, body_bytes_max=20)(scope, receive, send)
    assert [each.get("status") for each in sent] == [413, None]
