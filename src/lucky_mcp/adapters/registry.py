"""Adapters by source, made when a source is first read so that its driver is imported only then."""

from __future__ import annotations

from lucky_mcp.adapters.base import Adapter
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.source import Kind, Source


class Registry:
    """Holds one adapter per source; a changed source gets a new one."""

    def __init__(self) -> None:
        self._adapters: dict[str, tuple[Source, Adapter]] = {}
        self._replaced: list[Adapter] = []

    def adapter(self, source: Source) -> Adapter:
        """Return the source's adapter; EngineError for a kind that has none."""
        known = self._adapters.get(source.name)
        if known is not None and known[0] == source:
            return known[1]
        made = _make(source)
        if known is not None:
            self._replaced.append(known[1])  # a read may still be under way on it
        self._adapters[source.name] = (source, made)
        return made

    async def close(self) -> None:
        """Close every adapter."""
        for adapter in [*self._replaced, *(adapter for _, adapter in self._adapters.values())]:
            await adapter.close()
        self._replaced.clear()
        self._adapters.clear()


def _make(source: Source) -> Adapter:
    if source.kind is Kind.DUCKDB:
        from lucky_mcp.adapters.duckdb import DuckDBAdapter

        return DuckDBAdapter(source)
    if source.kind is Kind.LAKE:
        from lucky_mcp.adapters.duckdb import DuckDBAdapter
        from lucky_mcp.adapters.lake import LakeDatabase

        return DuckDBAdapter(source, LakeDatabase)
    raise EngineError(EngineErrorKind.UNAVAILABLE, f"no adapter for {source.kind}")
