"""A server process whose reads end when the test says so: `fault_server.py PORT DRAIN_SECONDS`.

It says `serves ENDPOINT`, and `began` for each read that waits; a line on its stdin ends what waits.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from lucky_mcp.identity.demo import DemoTokens
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.server.auth import DemoVerifier, bearer_caller
from lucky_mcp.server.calls import CallsMiddleware
from lucky_mcp.server.drain import Drain
from lucky_mcp.server.http_limits import HttpLimits
from lucky_mcp.server.server import build_server
from lucky_mcp.server.texts import prompts_directory
from lucky_mcp.server.transports import endpoint_of, http_app, listen, serve_http
from tests.server.fakes import TOOLSETS, FakeGateway, rows

WAIT = "SELECT 'wait'"


class WaitingGateway(FakeGateway):
    """Answers at once, but for one text."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()

    async def read(self, principal: Principal, request: SqlRead) -> ReadResult:
        if request.sql == WAIT:
            print("began", flush=True)
            await self.may_end.wait()
        return rows(("n",), (1,))


async def serve(port: int, drain_s: float) -> None:
    gateway, drain = WaitingGateway(), Drain()
    server = build_server(
        gateway=gateway,  # type: ignore[arg-type]
        identify=bearer_caller,
        new_reference=lambda: "e-0001",
        prompts=prompts_directory(),
        auth=DemoVerifier(DemoTokens(is_role=TOOLSETS.__contains__).verify),
        calls=CallsMiddleware(drain=drain),
    )
    bound = listen("127.0.0.1", port)
    asyncio.get_running_loop().add_reader(sys.stdin, partial(_end, gateway))

    async def announce() -> bool:
        print(f"serves {endpoint_of(bound)}", flush=True)
        return True

    limits = HttpLimits(drain_s=drain_s)
    await serve_http(http_app(server, drain=drain, limits=limits), bound, when_ready=announce)


def _end(gateway: WaitingGateway) -> None:
    sys.stdin.readline()
    gateway.may_end.set()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
