"""Handles in a Redis, which several processes share; there they expire by the clock of that server."""

from __future__ import annotations

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
    """Keeps delegations as JSON under their ids: a hash of each secret, never the secret."""

    def __init__(self, url: str, password: str | None = None) -> None:
        from redis.asyncio import Redis

        self._redis: Redis = Redis.from_url(
            url,
            password=password,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            client_name="lucky-mcp",
        )

    async def add(self, delegation: Delegation, seconds: int) -> None:
        """Keep one; see `Handles`."""
        content = {**asdict(delegation), "expires": delegation.expires.isoformat()}
        try:
            await self._redis.set(PREFIX + delegation.id, json.dumps(content), ex=seconds, nx=True)
        except Exception as failure:
            raise HandlesAway(type(failure).__name__) from failure

    async def find(self, id: str) -> Delegation | None:
        """Return one; see `Handles`."""
        try:
            content = await self._redis.get(PREFIX + id)
        except Exception as failure:
            raise HandlesAway(type(failure).__name__) from failure
        return _read(content) if content is not None else None

    async def remove(self, id: str) -> None:
        """Forget one; see `Handles`."""
        try:
            await self._redis.delete(PREFIX + id)
        except Exception as failure:
            raise HandlesAway(type(failure).__name__) from failure

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _read(content: bytes | str) -> Delegation | None:
    """Return what was written; anything else is no delegation."""
    try:
        fields = json.loads(content)
        expires = datetime.fromisoformat(fields["expires"])
        found = Delegation(**{**fields, "expires": expires, "groups": tuple(fields["groups"])})
    except (ValueError, TypeError, KeyError):
        return None
    return found if expires.tzinfo is not None else None
