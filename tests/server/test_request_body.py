"""Bodies that are kept, and what is known of those that are too large to be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Message, Receive

from lucky_mcp.server.request_body import read_body

KEPT = 300
PAD = "x" * 2_000


def sent(*parts: bytes, ends: bool = True) -> Receive:
    """A client that sends these parts, and then goes away if it does not end."""
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": not ends or number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


async def read(content: bytes, size: int = 100) -> Any:
    parts = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
    return await read_body(sent(*parts), KEPT, read_bytes_max=16 * KEPT)


IDS: list[tuple[str, dict[str, Any], object]] = [
    ("first", {"jsonrpc": "2.0", "id": 7, "method": "m", "params": {"sql": PAD}}, 7),
    ("first of all", {"id": "a-7", "jsonrpc": "2.0", "method": "m", "params": {"sql": PAD}}, "a-7"),
    ("last", {"method": "m", "params": {"sql": PAD}, "jsonrpc": "2.0", "id": 7}, 7),
    ("last but one", {"method": "m", "params": {"sql": PAD}, "id": 7, "jsonrpc": "2.0"}, 7),
    ("none", {"method": "m", "params": {"sql": PAD}, "jsonrpc": "2.0"}, None),
    ("within", {"jsonrpc": "2.0", "method": "m", "params": {"sql": PAD, "id": 7}}, None),
    ("quoted", {"jsonrpc": "2.0", "method": "m", "params": {"sql": PAD + '"id":7}'}}, None),
]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize(("message", "expected"), [row[1:] for row in IDS], ids=[row[0] for row in IDS])
async def test_the_id_of_what_is_too_large(
    message: dict[str, Any], expected: object, separators: tuple[str, str]
) -> None:
    body = await read(json.dumps(message, separators=separators).encode())
    assert body.is_too_large
    assert len(body.content) + len(body.end) < 3 * KEPT
    assert body.request_id() == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"method":"m","id":3}', 3),
        (b'{"method":"m","id":"3"}', "3"),
        (b'{"method":"m"}', None),
        (b'{"method":"m","id":true}', None),
        (b'{"method":"m","id":null}', None),
        (b'{"result":{},"id":3}', None),
        (b"[1]", None),
        (b"{", None),
        (b"[" * 250, None),
        (b"\xff", None),
        (b"", None),
    ],
)
async def test_the_id_of_what_is_kept(content: bytes, expected: object) -> None:
    body = await read(content, size=5)
    assert (body.content, body.is_too_large, body.request_id()) == (content, False, expected)
    again = await body.replay(sent())()
    assert again == {"type": "http.request", "body": content, "more_body": False}


async def test_what_has_no_end_is_not_read_to_it() -> None:
    asked = 0

    async def endless() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x" * KEPT, "more_body": True}

    assert await read_body(endless, KEPT, read_bytes_max=4 * KEPT) is None
    assert asked == 5


async def test_a_client_that_goes_away_has_sent_nothing() -> None:
    assert await read_body(sent(b"{", ends=False), KEPT, read_bytes_max=KEPT) is None
