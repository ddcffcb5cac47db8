"""A stdio server over a fake gateway, to be started as a process: `stdio_server.py ROLE`."""

from __future__ import annotations

import sys

import anyio

from lucky_mcp.identity.demo import DemoTokens
from lucky_mcp.server.auth import token_caller
from lucky_mcp.server.transports import serve_stdio
from tests.server.fakes import TOOLSETS
from tests.server.harness import make_server

if __name__ == "__main__":
    verify = DemoTokens(is_role=TOOLSETS.__contains__).verify
    anyio.run(serve_stdio, make_server(identify=token_caller(f"demo-{sys.argv[1]}", verify)))
