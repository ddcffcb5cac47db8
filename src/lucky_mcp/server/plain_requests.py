"""The first door: what two readers could take for different requests is none."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from lucky_mcp.server.wire_errors import error_response

# Routes match a path with a line's end behind it; whoever compares paths does not.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class PlainRequests:
    """404 for a path with control characters; 400 for more than one Host, of which one would be checked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let everything else through."""
        refused = _refused(scope) if scope["type"] == "http" else 0
        await (error_response(refused) if refused else self._app)(scope, receive, send)


def _refused(scope: Scope) -> int:
    if _CONTROL.search(scope["path"]):
        return 404
    return 400 if sum(name == b"host" for name, _ in scope["headers"]) > 1 else 0
