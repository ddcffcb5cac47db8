"""Traces that callers are in: named in `_meta` of a call, or in the header `traceparent` of its request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import fastmcp
from fastmcp.server.dependencies import get_http_headers

from lucky_mcp.telemetry.calls import tool_call
from lucky_mcp.telemetry.spans import going_on, here, sent_by, trace_id


def have_own_spans_alone() -> None:
    """Have FastMCP pass traces on and make no spans: its own tell of sessions, callers and exceptions."""
    fastmcp.settings.telemetry_mode = "propagation_only"


@contextmanager
def called(tool: str) -> Iterator[None]:
    """Run the block as one call of a tool in the caller's trace; what is no trace is left out."""
    with going_on(here() if trace_id() else sent_by(get_http_headers())), tool_call(tool):
        yield
