"""Which tool a read is for, known to whatever runs below it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from lucky_mcp.telemetry.instruments import NONE
from lucky_mcp.telemetry.spans import span

_tool: ContextVar[str] = ContextVar("lucky_tool", default=NONE)


def tool_under_way() -> str:
    """Return the tool whose call this is a part of; `none` for reads of the gateway's own."""
    return _tool.get()


@contextmanager
def tool_call(tool: str) -> Iterator[None]:
    """Run the block as one call of a tool; its name must be one of this server's."""
    token = _tool.set(tool)
    try:
        with span(f"tools/call {tool}", serves=True, tool=tool):
            yield
    finally:
        _tool.reset(token)
