"""An open stream ends with its credential, also where nothing is posted that would be refused."""

from __future__ import annotations

import anyio
import structlog
from fastmcp.server.auth import AuthProvider
from starlette.datastructures import Headers
from starlette.types import Scope

from lucky_mcp.server.sse_streams import SseStream

_SCHEME = "bearer "
log = structlog.get_logger(__name__)


class StreamCredentials:
    """Asks every `every_s` seconds whether the credential still holds by which a stream was opened."""

    def __init__(self, auth: AuthProvider | None, *, every_s: float) -> None:
        self._auth = auth
        self._every_s = every_s

    async def watch(self, stream: SseStream, scope: Scope) -> None:
        """Do not return while it holds; then its requests are answered 401 and the stream is broken off.

        A request without a credential was let in as nobody in particular: there is nothing that could end.
        """
        shown = Headers(scope=scope).get("authorization", "")
        if self._auth is None or not shown.lower().startswith(_SCHEME):
            await anyio.sleep_forever()
            return
        while True:
            await anyio.sleep(self._every_s)
            if await self._auth.verify_token(shown[len(_SCHEME) :]) is None:
                break
        log.info("sse_stream_ended", why="its credential is not valid any longer")
        await stream.fail_all(401)
        stream.broken.set()
