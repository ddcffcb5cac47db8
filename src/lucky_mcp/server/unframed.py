"""Answers to HTTP/1.0, which knows no chunks: what has no length ends with its connection."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


def unframed(app: ASGIApp, cycle: RequestResponseCycle) -> ASGIApp:
    """Return an application whose answers without a length are sent as they are, not in chunks."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        has_length = False

        async def sent(message: Message) -> None:
            nonlocal has_length
            if message["type"] == "http.response.start":
                has_length = any(name.lower() == b"content-length" for name, _ in message.get("headers", []))
                cycle.chunked_encoding = None if has_length else False
            elif not has_length:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, sent)

    return answered
