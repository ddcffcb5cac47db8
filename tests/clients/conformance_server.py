"""The real application with the named tools, resources and prompts that the conformance suite asks for.

`conformance_server.py` serves on a free port of this machine and says where. The product has none of these: they
are registered here alone, and the one role of this process is let see them.
"""

from __future__ import annotations

import asyncio
import base64
from functools import partial

import mcp_types
from fastmcp import Context, FastMCP
from fastmcp.prompts import Message
from fastmcp.tools.base import ToolResult

from lucky_mcp.model.principal import Principal
from lucky_mcp.server import visibility
from lucky_mcp.server.server import build_server
from lucky_mcp.server.texts import prompts_directory
from lucky_mcp.server.transports import endpoint_of, http_app, listen, serve_http
from tests.server.fakes import FakeGateway

ANALYST = Principal(subject="conformance", roles=("analyst",))
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
SILENCE = base64.b64encode(
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data"
    b"\x00\x00\x00\x00"
).decode()
IMAGE = mcp_types.ImageContent(type="image", data=PIXEL, mime_type="image/png")


def text(words: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(type="text", text=words)


def embedded(uri: str) -> mcp_types.EmbeddedResource:
    contents = mcp_types.TextResourceContents(uri=uri, mime_type="text/plain", text="Embedded text.")
    return mcp_types.EmbeddedResource(type="resource", resource=contents)


async def test_simple_text() -> ToolResult:
    """One text."""
    return ToolResult(content=[text("This is a simple text response for testing.")])


async def test_image_content() -> ToolResult:
    """One image."""
    return ToolResult(content=[IMAGE])


async def test_audio_content() -> ToolResult:
    """One sound."""
    return ToolResult(content=[mcp_types.AudioContent(type="audio", data=SILENCE, mime_type="audio/wav")])


async def test_embedded_resource() -> ToolResult:
    """One resource."""
    return ToolResult(content=[embedded("test://embedded-resource")])


async def test_multiple_content_types() -> ToolResult:
    """One of each."""
    return ToolResult(content=[text("Several kinds."), IMAGE, embedded("test://mixed-content-resource")])


async def test_error_handling() -> ToolResult:
    """An error of the tool."""
    return ToolResult(content=[text("This tool intentionally returns an error for testing")], is_error=True)


async def test_tool_with_progress(ctx: Context) -> ToolResult:
    """Three reports of progress."""
    for done in (0, 50, 100):
        await ctx.report_progress(done, 100)
        await asyncio.sleep(0.05)
    return ToolResult(content=[text("Done.")])


TOOLS = (
    test_simple_text,
    test_image_content,
    test_audio_content,
    test_embedded_resource,
    test_multiple_content_types,
    test_error_handling,
    test_tool_with_progress,
)


def with_fixtures(server: FastMCP) -> FastMCP:
    """The server, and what the suite looks for."""
    for tool in TOOLS:
        server.tool(tool, output_schema=None)
    server.resource("test://static-text", mime_type="text/plain")(static_text)
    server.resource("test://static-binary", mime_type="image/png")(static_binary)
    server.resource("test://template/{id}/data", mime_type="application/json")(templated)
    for prompt in (
        test_simple_prompt,
        test_prompt_with_arguments,
        test_prompt_with_embedded_resource,
        test_prompt_with_image,
    ):
        server.prompt(prompt)
    return server


def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


def static_binary() -> bytes:
    """An image."""
    return base64.b64decode(PIXEL)


def templated(id: str) -> str:
    """A text of its own for each id."""
    return f'{{"id": "{id}", "templateTest": true, "data": "Data for ID: {id}"}}'


def test_simple_prompt() -> str:
    """A prompt."""
    return "This is a simple prompt for testing."


def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """A prompt of two arguments."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:
    """A prompt with a resource."""
    return [Message(embedded(resourceUri)), Message("Please process the embedded resource above.")]


def test_prompt_with_image() -> list[Message]:
    """A prompt with an image."""
    return [Message(IMAGE), Message("Please analyze the image above.")]


async def serve() -> None:
    """Serve until the process is ended."""
    seen = {name: tools | {tool.__name__ for tool in TOOLS} for name, tools in visibility.TOOLSETS.items()}
    visibility.TOOLSETS = seen  # type: ignore[misc]
    server = build_server(
        gateway=FakeGateway(),  # type: ignore[arg-type]
        identify=lambda: ANALYST,
        new_reference=lambda: "e-0001",
        prompts=prompts_directory(),
    )
    bound = listen("127.0.0.1", 0)
    announce = partial(_announce, endpoint_of(bound))
    await serve_http(http_app(with_fixtures(server)), bound, when_ready=announce)


async def _announce(endpoint: str) -> bool:
    print(f"serves {endpoint}", flush=True)
    return True


if __name__ == "__main__":
    asyncio.run(serve())
