"""Requests that were answered 401, for the audit: where, from which address, and why."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Takes kind, principal, target and detail of a refusal.
Note = Callable[[str, str, str, str], Awaitable[None]]

_reasons: ContextVar[list[str] | None] = ContextVar("reasons", default=None)


async def unrecorded(kind: str, principal: str, target: str, detail: str) -> None:
    """Keep nothing, where there is no audit."""


def give_reason(reason: str) -> None:
    """Say why the credential of the request that is looked at was refused."""
    reasons = _reasons.get()
    if reasons is not None:
        reasons.append(reason)


class RecordRefusals:
    """Passes requests on, and notes those that come back with 401; it stands around whoever authenticates."""

    def __init__(self, app: ASGIApp, note: Note) -> None:
        self._app = app
        self._note = note
        # Its line for each refusal would let anybody fill the log; the audit has them, to a bound.
        logging.getLogger("fastmcp.server.auth").setLevel(logging.WARNING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reasons: list[str] = []

        async def watched(message: Message) -> None:
            if message.get("status") == 401:
                client = scope.get("client") or ("an unknown address",)
                why = reasons[-1] if reasons else "no bearer credential"
                await self._note("auth.refused", "-", str(scope["path"]), f"{why}; from {client[0]}")
            await send(message)

        token = _reasons.set(reasons)
        try:
            await self._app(scope, receive, watched)
        finally:
            _reasons.reset(token)
