"""Embedded reads without a change of threads, and one parse of a text for neighbours: for runs of many queries.

What is sent, what it is bound by and what comes back are the same; the suite goes through the adapter's threads.
"""

from __future__ import annotations

import duckdb
import pytest

from lucky_mcp.adapters import duckdb as adapter
from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.enforcement.guarded import GuardedRead
from lucky_mcp.errors import EngineError, EngineErrorKind
from tests.support.watch import over


def read_in_this_thread(patch: pytest.MonkeyPatch) -> None:
    """Let the adapter's reads run where they are asked for, the engine in this thread alone."""
    patch.setitem(adapter.SETTINGS, "threads", "1")
    patch.setattr(adapter.DuckDBAdapter, "run", _run)
    original = adapter.only_select
    last: dict[str, duckdb.Statement] = {}

    def once(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
        if text not in last:
            statement = original(connection, text)
            last.clear()
            last[text] = statement
        return last[text]

    patch.setattr(adapter, "only_select", once)


async def _run(self: adapter.DuckDBAdapter, read: GuardedRead, *, fenced: bool) -> EngineRows:
    query = adapter._Query(self, read, read.text_fenced if fenced else read.text)
    with over(query.stop, read.bound.timeout_ms / 1000) as watched:
        try:
            return query.fetch()
        except EngineError:
            if watched.was_stopped:
                raise EngineError(EngineErrorKind.TIMEOUT) from None
            raise
