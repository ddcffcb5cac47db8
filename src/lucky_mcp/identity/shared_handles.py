"""Handles in a Redis, which several processes share; there they expire by the clock of that server."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from lucky_mcp.identity.delegations import Delegation, HandlesAway

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = "lucky-mcp:delegation:"
ANSWER_SECONDS = 1.0


class SharedHandles:
    """Keeps delegations as JSON under their ids: a hash of each secret, never the secret.

    With a `seal` what stands there counts only if a holder of that key has written it.
    """

    def __init__(self, url: str, password: str | None = None, seal: bytes = b"") -> None:
        from redis.asyncio import Redis

        self._seal = seal
        self._redis: Redis = Redis.from_url(
            url,
            password=password,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            client_name="lucky-mcp",
        )

    async def add(self, delegation: Delegation, seconds: int) -> None:
        """Keep one; see `Handles`."""
        content = json.dumps({**asdict(delegation), "expires": delegation.expires.isoformat()})
        sealed = f"{self._sealed(content)} {content}"
        try:
            await self._redis.set(PREFIX + delegation.id, sealed, ex=seconds, nx=True)
        except Exception as failure:
            raise HandlesAway(type(failure).__name__) from failure

    async def find(self, id: str) -> Delegation | None:
        """Return one; see `Handles`."""
        try:
            found = await self._redis.get(PREFIX + id)
        except Exception as failure:
            raise HandlesAway(type(failure).__name__) from failure
        text = found.decode("utf-8", "replace") if isinstance(found, bytes) else found or ""
        seal, _, content = text.partition(" ")
        if not hmac.compare_digest(seal.encode(), self._sealed(content).encode()):
            return None
        made = _read(content)
        return made if made is not None and made.id == id else None

    async def remove(self, id: str) -> None:
        """Forget one; see `Handles`."""
        try:
            await self._redis.delete(PREFIX + id)
        except Exception as failure:
            raise HandlesAway(type(failure).__name__) from failure

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _sealed(self, content: str) -> str:
        if not self._seal:
            return "-"
        return hmac.new(self._seal, content.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _read(content: str) -> Delegation | None:
    """Return what was written; anything else is no delegation."""
    try:
        fields = json.loads(content)
        expires = datetime.fromisoformat(fields["expires"])
        found = Delegation(**{**fields, "expires": expires, "groups": tuple(fields["groups"])})
    except (ValueError, TypeError, KeyError):
        return None
    return found if expires.tzinfo is not None else None
