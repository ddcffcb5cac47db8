"""The tool contract, reviewed as a file: a change of any word or type an agent sees shows up as a diff.

When a change is meant, accept it with:  LUCKY_TEST_ACCEPT_CONTRACT=1 pytest tests/contract
and commit the new snapshot with the reason.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path

from fastmcp import Client

from lucky_mcp.server.visibility import TOOLSETS
from tests.server.harness import EVERYBODY, make_server

SNAPSHOT = Path(__file__).with_name("tools.json")
DEFINITION_TOKENS_MAX = 4000
CHARS_PER_TOKEN = 4


async def contract() -> dict[str, object]:
    """Everything a client is told before its first call, in the order in which it is told."""
    async with Client(make_server(identify=lambda: EVERYBODY)) as client:
        tools = await client.list_tools()
        return {
            "instructions": client.instructions,
            "tools": [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools],
            "toolsets": {name: sorted(tools) for name, tools in TOOLSETS.items()},
        }


async def test_the_contract_is_the_reviewed_one() -> None:
    now = json.dumps(await contract(), ensure_ascii=False, indent=2) + "\n"
    if os.environ.get("LUCKY_TEST_ACCEPT_CONTRACT") == "1":
        SNAPSHOT.write_text(now, encoding="utf-8")
    reviewed = SNAPSHOT.read_text(encoding="utf-8")
    changes = difflib.unified_diff(reviewed.splitlines(), now.splitlines(), "reviewed", "now", lineterm="")
    assert reviewed == now, "\n".join(["what agents see has changed:", *changes, "", __doc__ or ""])


async def test_the_definitions_stay_small() -> None:
    tools = json.dumps((await contract())["tools"])
    assert len(tools) / CHARS_PER_TOKEN <= DEFINITION_TOKENS_MAX


async def test_the_contract_is_the_same_each_time() -> None:
    assert json.dumps(await contract()) == json.dumps(await contract())
