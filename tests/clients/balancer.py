"""A load balancer of a few lines: connections go round among the servers that say they are ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.server.wire import direct

LOOK_SECONDS = 0.05


@dataclass
class Balancer:
    """Where connections go, and the address at which they come in."""

    servers: list[int] = field(default_factory=list)
    url: str = ""
    _turn: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one client with one server until either goes away."""
        self._turn += 1
        port = self.servers[self._turn % len(self.servers)]
        try:
            to_server = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, to_server[1]), _copy(to_server[0], writer))

    async def look(self) -> None:
        """Ask each server again and again whether it is ready, and leave out what is not."""
        async with direct() as client:
            while True:
                for port in list(self.servers):
                    if not await _is_ready(client, port):
                        self.servers.remove(port)
                await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def balancing(*ports: int) -> AsyncIterator[Balancer]:
    """Balance among servers for the block."""
    balancer = Balancer(list(ports))
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    looking = asyncio.create_task(balancer.look())
    balancer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    try:
        yield balancer
    finally:
        looking.cancel()
        server.close()


async def _is_ready(client: object, port: int) -> bool:
    with suppress(Exception):
        answer = await client.get(f"http://127.0.0.1:{port}/health/ready")  # type: ignore[attr-defined]
        return bool(answer.status_code == 200)
    return False


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(1 << 16):
            writer.write(part)
            await writer.drain()
    with suppress(OSError):
        writer.close()
