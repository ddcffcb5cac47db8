"""The MCP server: tools, texts, who sees which, and how errors read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider
from fastmcp.tools.base import Tool, ToolResult
from mcp_types import ToolAnnotations

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.server.auth import Identify
from lucky_mcp.server.calls import CallsMiddleware
from lucky_mcp.server.catalog_tools import CatalogTools
from lucky_mcp.server.delegation_routes import add_delegation_routes
from lucky_mcp.server.drain import Drain
from lucky_mcp.server.errors import Answers, ErrorsMiddleware, NewReference
from lucky_mcp.server.health import add_health_route
from lucky_mcp.server.on_behalf import ARGUMENT, SCHEMA, OnBehalfMiddleware, Resolve, itself, settled_caller
from lucky_mcp.server.ops_tools import OpsTools
from lucky_mcp.server.query_tools import QueryTools
from lucky_mcp.server.redis_tools import RedisTools
from lucky_mcp.server.refused_requests import Note, unrecorded
from lucky_mcp.server.texts import read_instructions, read_tool_text
from lucky_mcp.server.visibility import ToolsetMiddleware
from lucky_mcp.version import VERSION

if TYPE_CHECKING:
    from lucky_mcp.gateway.delegating import Delegating
    from lucky_mcp.gateway.read import Gateway

NAME = "lucky-mcp"
_LIST_CACHE_SECONDS = 60

# Nothing here changes a source; the same query may give other rows later, and the rows come from outside.
_READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def build_server(
    *,
    gateway: Gateway,
    identify: Identify,
    new_reference: NewReference,
    prompts: Path,
    auth: AuthProvider | None = None,
    resolve: Resolve = itself,
    note: Note = unrecorded,
    delegating: Delegating | None = None,
    calls: CallsMiddleware | None = None,
) -> FastMCP:
    """Build the server around `gateway`; ConfigurationError when a text is missing or wrong.

    `identify` names the caller of the current call, `resolve` for whom it asks, `note` keeps that it may not,
    `delegating` serves /delegations; `auth` guards the HTTP transport and is None on
    stdio; `calls` holds what a call may take; `prompts` is the directory of texts. Tools are listed in the
    order given here, always the same, so that clients can cache the list.
    """
    answers = Answers(new_reference)
    queries = QueryTools(gateway=gateway, identify=settled_caller, answers=answers)
    catalog = CatalogTools(gateway=gateway, identify=settled_caller, answers=answers)
    operations = OpsTools(gateway=gateway, identify=settled_caller, answers=answers)
    keys = RedisTools(gateway=gateway, identify=settled_caller, answers=answers)
    tools = [
        build_tool(function, prompts)
        for function in (
            catalog.search_catalog,
            catalog.describe_table,
            queries.run_query,
            queries.check_query,
            catalog.list_sources,
            operations.get_source_health,
            keys.read_redis,
            keys.scan_redis,
        )
    ]
    server: FastMCP = FastMCP(
        NAME,
        instructions=read_instructions(prompts),
        version=VERSION,
        auth=auth,
        tools=tools,
        # The first is the outermost: what visibility refuses gets its answer from the errors.
        middleware=[
            calls or CallsMiddleware(drain=Drain()),
            ErrorsMiddleware(answers=answers, schemas={tool.name: tool.parameters for tool in tools}),
            OnBehalfMiddleware(identify=identify, resolve=resolve, note=note),
            ToolsetMiddleware(visible=gateway.visible, identify=settled_caller, lists_for=identify),
        ],
        mask_error_details=True,
        cache_ttl=_LIST_CACHE_SECONDS,
        cache_scope="private",
    )
    # Else the library lists every tool once more before each call, to look for headers that ours do not have.
    server._mcp_server.get_tool_input_schema = {tool.name: tool.parameters for tool in tools}.get
    add_health_route(server, gateway.health)
    if delegating is not None:
        add_delegation_routes(server, delegating)
    return server


def build_tool(function: Callable[..., Awaitable[ToolResult]], prompts: Path) -> Tool:
    """Make a tool of `function` with the words of `prompts/tools/<its name>.md`."""
    name = function.__name__
    text = read_tool_text(prompts, name)
    tool = Tool.from_function(
        function,
        name=name,
        title=text.title,
        description=text.description,
        annotations=_READ_ONLY,
        output_schema=None,
    )
    properties = tool.parameters["properties"]
    properties[ARGUMENT] = dict(SCHEMA)  # taken off before the function is called
    if set(properties) != set(text.arguments):
        raise ConfigurationError(
            f"{prompts / 'tools' / name}.md: it must describe exactly the arguments {', '.join(properties)}"
        )
    for argument, schema in properties.items():
        schema["description"] = text.arguments[argument]
        # A null default adds nothing to "not required", and contradicts the argument's one type.
        if schema.get("default", ...) is None:
            del schema["default"]
    return tool
