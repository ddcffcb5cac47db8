"""Servers around a fake gateway, and calls to them."""

from __future__ import annotations

from collections.abc import Mapping

from fastmcp import Client, FastMCP
from mcp_types import CallToolResult

from lucky_mcp.model.principal import Principal
from lucky_mcp.server.auth import Identify
from lucky_mcp.server.server import build_server
from lucky_mcp.server.texts import prompts_directory
from tests.server.fakes import TOOLSETS, FakeGateway

ANALYST = Principal(subject="ann", roles=("analyst",))
# Of every role at once, so that no tool is left out.
EVERYBODY = Principal(subject="all", roles=tuple(TOOLSETS))


def make_server(gateway: FakeGateway | None = None, identify: Identify = lambda: ANALYST) -> FastMCP:
    """A server without HTTP authentication whose caller is `identify()`."""
    return build_server(
        gateway=gateway or FakeGateway(),  # type: ignore[arg-type]
        identify=identify,
        new_reference=lambda: "e-0001",
        prompts=prompts_directory(),
    )


async def call(server: FastMCP, tool: str, **arguments: object) -> tuple[bool, str]:
    """Call `tool` over the in-memory transport; whether it was an error, and its text."""
    return said(await raw_call(server, tool, arguments))


async def raw_call(server: FastMCP, tool: str, arguments: Mapping[str, object]) -> CallToolResult:
    """The whole result, so that a test can look for what must not be there."""
    async with Client(server) as client:
        result: CallToolResult = await client.call_tool_mcp(tool, dict(arguments))
        return result


def said(result: CallToolResult) -> tuple[bool, str]:
    """Whether `result` is an error, and its one text."""
    (block,) = result.content
    assert block.type == "text"
    return bool(result.is_error), block.text
