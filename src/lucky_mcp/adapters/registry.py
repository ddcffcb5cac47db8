"""Adapters by source, made when a source is first read so that its driver is imported only then."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from lucky_mcp.adapters.base import Adapter, Checkable, Pooled, Probeable, Usage
from lucky_mcp.adapters.session import server_of
from lucky_mcp.adapters.token_key import TokenKey, token_key_from
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.s3_place import SCHEME, s3_place
from lucky_mcp.model.source import KEYED, Kind, Source
from lucky_mcp.secrets.token_keys import NO_KEYS, TokenKeys


class Registry:
    """Holds one adapter per source; a changed source gets a new one."""

    def __init__(self, environment: Mapping[str, str] = os.environ, token_keys: TokenKeys = NO_KEYS) -> None:
        """`environment` holds the secrets that sources refer to by `env:NAME`."""
        self._environment = environment
        self._token_keys = token_keys
        self._adapters: dict[str, tuple[Source, Adapter]] = {}
        self._replaced: list[Adapter] = []
        self._uses: Counter[int] = Counter()

    def adapter(self, source: Source) -> Adapter:
        """Return the source's adapter; EngineError for a kind that has none."""
        known = self._adapters.get(source.name)
        if known is not None and known[0] == source:
            return known[1]
        made = _make(source, self._environment, self._token_keys)
        if known is not None:
            self._replaced.append(known[1])  # a read may still be under way on it
        self._adapters[source.name] = (source, made)
        return made

    @asynccontextmanager
    async def held(self, source: Source) -> AsyncIterator[Adapter]:
        """Hold the source's adapter for a read; one that was replaced meanwhile is closed after it."""
        adapter = self.adapter(source)
        await self._close_replaced()
        self._uses[id(adapter)] += 1
        try:
            yield adapter
        finally:
            self._uses[id(adapter)] -= 1
            if not self._uses[id(adapter)]:
                del self._uses[id(adapter)]
                await self._close_replaced()

    @asynccontextmanager
    async def probeable(self, source: Source) -> AsyncIterator[Probeable]:
        """Hold the source's adapter as one that can be probed; EngineError for a kind that has none."""
        async with self.held(source) as adapter:
            if not isinstance(adapter, Probeable):
                raise EngineError(EngineErrorKind.UNAVAILABLE, f"{source.kind} cannot be asked about itself")
            yield adapter

    async def _close_replaced(self) -> None:
        """Close those that no read holds any more: their threads and connections are of no use to anybody."""
        for adapter in [each for each in self._replaced if id(each) not in self._uses]:
            self._replaced.remove(adapter)
            await adapter.close()

    async def check(self, source: Source) -> None:
        """Connect to a source on a server once; EngineError when it cannot be read."""
        adapter = self.adapter(source)
        if isinstance(adapter, Checkable):
            await adapter.check()

    def usages(self) -> list[tuple[str, Usage]]:
        """Return the connections of each source that keeps some, by its name."""
        return [
            (name, made.usage()) for name, (_, made) in self._adapters.items() if isinstance(made, Pooled)
        ]

    async def close(self) -> None:
        """Close every adapter."""
        for adapter in [*self._replaced, *(adapter for _, adapter in self._adapters.values())]:
            await adapter.close()
        self._replaced.clear()
        self._adapters.clear()


def no_key() -> str:
    """Without a key no role shows tokens."""
    return ""


def _keyed(source: Source, environment: Mapping[str, str], token_key: TokenKey) -> Adapter:
    from lucky_mcp.adapters.redis_session import RedisSession
    from lucky_mcp.adapters.server import ServerAdapter

    if source.kind is Kind.FAKEREDIS:
        from lucky_mcp.adapters.redis_embedded import EmbeddedKeys

        held = EmbeddedKeys(source)
        return ServerAdapter(source, lambda: RedisSession(source, held.line(), token_key, has_account=False))
    from lucky_mcp.adapters.redis import RedisLine

    server = server_of(source)
    return ServerAdapter(source, lambda: RedisSession(source, RedisLine(server, environment), token_key))


def _make(source: Source, environment: Mapping[str, str], keys: TokenKeys) -> Adapter:
    token_key = token_key_from(keys)
    if source.kind is Kind.DUCKDB:
        from lucky_mcp.adapters.duckdb import DuckDBAdapter

        return DuckDBAdapter(source, token_key=token_key)
    if source.kind is Kind.LAKE:
        from lucky_mcp.adapters.duckdb import DuckDBAdapter
        from lucky_mcp.adapters.lake import LakeDatabase

        if source.url.startswith(SCHEME):
            from lucky_mcp.adapters.lake_bucket import Bucket

            bucket = Bucket(s3_place(source.url), environment)
            return DuckDBAdapter(source, lambda source: LakeDatabase(source, bucket), token_key)
        return DuckDBAdapter(source, LakeDatabase, token_key)
    if source.kind is Kind.MYSQL:
        from lucky_mcp.adapters.mysql import MySQLSession
        from lucky_mcp.adapters.server import ServerAdapter

        return ServerAdapter(source, lambda: MySQLSession(source, environment, token_key))
    if source.kind is Kind.POSTGRES:
        from lucky_mcp.adapters.postgres import PostgresSession
        from lucky_mcp.adapters.server import ServerAdapter

        known = token_key if keys.exists else None
        return ServerAdapter(source, lambda: PostgresSession(source, environment, known))
    if source.kind is Kind.REDSHIFT:
        from lucky_mcp.adapters.redshift import RedshiftSession
        from lucky_mcp.adapters.server import ServerAdapter

        return ServerAdapter(source, lambda: RedshiftSession(source, environment, token_key))
    if source.kind in KEYED:
        return _keyed(source, environment, token_key if keys.exists else no_key)
    raise EngineError(EngineErrorKind.UNAVAILABLE, f"no adapter for {source.kind}")
