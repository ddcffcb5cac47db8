"""The body of a request, read to its end but kept only as far as it may go."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive

from lucky_mcp.server.wire_errors import RequestId

# Beyond this many times the limit nothing more is read, even to find out whom to tell.
READ_TIMES_MAX = 16
_EDGE_BYTES = 256
_ID = rb'"id"\s*:\s*(-?\d{1,18}|"[\w.:-]{1,128}")'
# Serialisers write a request's id first or last; either way at the outermost level.
_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID + rb"\s*,")
_LAST = re.compile(_ID + rb'\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')


@dataclass(frozen=True, kw_only=True)
class Body:
    """What came: `content` is whole unless `is_too_large`; then only its two ends are kept."""

    content: bytes
    is_too_large: bool = False
    end: bytes = b""

    def replay(self, receive: Receive) -> Receive:
        """A `receive` that gives the body again, and then what comes after it."""
        pending: list[Message] = [{"type": "http.request", "body": self.content, "more_body": False}]

        async def again() -> Message:
            return pending.pop() if pending else await receive()

        return again

    def message(self) -> dict[str, Any]:
        """The JSON object that it is; empty when it is none."""
        if self.is_too_large:
            return {}
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def is_message(self) -> bool:
        """Whether it is one JSON-RPC message, as far as can be told."""
        return self.is_too_large or bool(self.message())

    def request_id(self) -> RequestId | None:
        """The id under which an answer is awaited; None for a notification, or when it cannot be told."""
        if self.is_too_large:
            found = _FIRST.match(self.content) or _LAST.search(self.end)
            return json.loads(found[1]) if found else None
        message = self.message()
        number = message.get("id")
        is_request = "method" in message and isinstance(number, int | str) and not isinstance(number, bool)
        return number if is_request else None


async def read_body(receive: Receive, bytes_max: int, *, read_bytes_max: int) -> Body | None:
    """Read a body of at most `read_bytes_max`, of which at most `bytes_max` are kept.

    None when the client went away, or sends more.
    """
    content, end, size = bytearray(), b"", 0
    while size <= read_bytes_max:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= bytes_max:
            content += part
        elif len(content) < _EDGE_BYTES:
            content += part[:_EDGE_BYTES]
        end = (end + part)[-_EDGE_BYTES:]
        if not message.get("more_body", False):
            return Body(content=bytes(content), is_too_large=size > bytes_max, end=end)
    return None
