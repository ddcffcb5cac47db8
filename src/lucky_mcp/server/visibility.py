"""Which tools a caller has: those of its toolsets, the same on every transport.

FastMCP's own per-tool authorisation is skipped on stdio, where a tool that nobody may call was listed and
ran; so the list and the call are both filtered here, by the principal alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import mcp_types
from fastmcp.exceptions import NotFoundError
from fastmcp.server.middleware.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool, ToolResult

from lucky_mcp.errors import NotAuthenticated
from lucky_mcp.server.auth import Identify

if TYPE_CHECKING:
    from lucky_mcp.gateway.visible import Visible
    from lucky_mcp.model.principal import Principal

_READING = ("search_catalog", "describe_table", "run_query", "check_query")
_ANALYSIS = (*_READING, "list_metrics", "get_metric", "check_data_health", "list_sources")
_REDIS = ("read_redis", "scan_redis")

TOOLSETS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ask_lucky": frozenset({*_ANALYSIS, "get_briefing", "get_customer"}),
        "analysis": frozenset(_ANALYSIS),
        "operations": frozenset({*_ANALYSIS, "get_briefing"} - {"check_data_health"}),
        "executive": frozenset({"list_metrics", "get_metric", "get_briefing", "check_data_health"}),
        "customer_care": frozenset({"get_customer", "search_catalog", "describe_table", "run_query"}),
        "engineer": frozenset({*_ANALYSIS, *_REDIS}),
        "dba": frozenset({*_READING, "list_sources", "get_source_health", *_REDIS}),
        "review": frozenset({"list_sources", "search_catalog", "describe_table", "check_query"}),
    }
)


def tools_of(toolsets: Iterable[str]) -> frozenset[str]:
    """The tools of all `toolsets` together; a toolset that is not in the table adds none."""
    return frozenset().union(*(TOOLSETS.get(name, frozenset()) for name in toolsets))


class ToolsetMiddleware(Middleware):
    """Makes tools outside the caller's toolsets not exist for that caller."""

    def __init__(self, *, visible: Visible, identify: Identify, lists_for: Identify) -> None:
        """`identify` names for whom a call is, `lists_for` who asks for a list, which is for nobody else."""
        self._visible = visible
        self._identify = identify
        self._lists_for = lists_for

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[Tool]]
    ) -> Sequence[Tool]:
        """Keep the caller's tools, in the order in which they were registered."""
        own = self._own_tools(self._lists_for())
        return [tool for tool in await call_next(context) if tool.name in own]

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Answer a foreign tool as FastMCP answers an unknown one, before its arguments are looked at."""
        if context.message.name not in self._own_tools(self._identify()):
            raise NotFoundError(f"Unknown tool: {context.message.name!r}")
        return await call_next(context)

    def _own_tools(self, principal: Principal) -> frozenset[str]:
        """The caller's tools; of an app that asks for a person those that both have."""
        own = self._tools(principal)
        return own if principal.app is None else own & self._tools(principal.app)

    def _tools(self, principal: Principal) -> frozenset[str]:
        toolsets = self._visible.toolsets(principal)
        if not toolsets:
            raise NotAuthenticated(
                "the roles of this token are unknown to this server's policy",
                next_step="ask the operator for a token with a role that exists",
            )
        return tools_of(toolsets)
