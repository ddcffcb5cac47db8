"""What docs/clients.md gives to copy can be read by what it is for, and its addresses are those that are served."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from lucky_mcp.server.sse_errors import MESSAGES_PATH, SSE_PATH
from lucky_mcp.server.transports import MCP_PATH
from lucky_mcp.server.wire_errors import REFUSED
from tests.docs.markdown import Page, read_page


@pytest.fixture(scope="module")
def page(project_root: Path) -> Page:
    return read_page(project_root / "docs" / "clients.md")


def test_blocks_can_be_read(page: Page) -> None:
    blocks = {block.info: block.text for block in page.blocks if block.info}
    assert json.loads(blocks["json"])["mcpServers"]["lucky"]["type"] == "http"
    ast.parse(blocks["python"].replace("await ", ""))
    (location,) = [line for line in blocks["nginx"].splitlines() if line.startswith("location")]
    assert all(path.strip("/") in location for path in (MCP_PATH, SSE_PATH, MESSAGES_PATH))


def test_addresses_and_the_code_are_those_of_the_server(page: Page) -> None:
    assert [row[0].strip("`") for row in page.tables("Clients")] == [MCP_PATH, SSE_PATH]
    assert str(REFUSED) in page.section("Dify")
