"""What a client like Dify's makes of the tools: one page, short names, and words for what schemas say elsewhere."""

from __future__ import annotations

import asyncio
import re

import pytest

from lucky_mcp.identity.demo import DemoTokens
from lucky_mcp.server.auth import DemoVerifier
from tests.clients.dify import DifyLike, Message, shown_parameters
from tests.server.fakes import TOOLSETS
from tests.server.wire import served

# As many as an app may have there.
TOOLS_MAX = 10
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@pytest.mark.parametrize("role", ["analyst", "dba", "data_engineer", "customer_care"])
async def test_a_description_says_what_the_schema_says_in_ways_that_are_not_shown(role: str) -> None:
    async with served(DemoVerifier(DemoTokens(is_role=TOOLSETS.__contains__).verify)) as endpoint:
        headers = {"Authorization": f"Bearer demo-{role}"}
        client = DifyLike(endpoint.replace("/mcp", "/sse"), headers, endpoint_seconds=20)
        tools = await asyncio.to_thread(listed, client)
    assert 0 < len(tools) <= TOOLS_MAX
    for tool in tools:
        assert NAME.fullmatch(tool["name"])
        for name, (kind, description) in shown_parameters(tool).items():
            schema = tool["inputSchema"]["properties"][name]
            assert kind == schema["type"], "another type is shown than the one that is meant"
            for said in said_elsewhere(schema):
                assert said in description.replace(",", ""), f"{tool['name']}.{name} does not say {said}"


def listed(client: DifyLike) -> list[Message]:
    with client:
        return client.tools()


def said_elsewhere(schema: Message) -> list[str]:
    """Choices, defaults and bounds: all that is dropped on the way to the model."""
    found = [str(choice) for choice in schema.get("enum", ())]
    found += [str(schema[key]) for key in ("default", "minimum", "maximum", "maxLength") if key in schema]
    return [each for each in found if each not in ("", "0", "1")]
