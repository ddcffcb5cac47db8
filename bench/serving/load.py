"""Clients that ask one after the other over a connection that stays open, and what each call took.

Written over plain sockets, so that the clients take as little as can be of the processors they share with the server.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-06-18",
}
ANSWER_BYTES_MAX = 1 << 20
ANSWER_SECONDS = 30.0
CALLS_LEAST = 3


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a server is, and how its tool is called: `arguments` of a statement, and headers of its own."""

    name: str
    port: int
    tool: str
    arguments: Callable[[str], Mapping[str, object]]
    headers: Mapping[str, str]
    path: str = "/mcp"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Calls per second, and milliseconds of one call."""

    calls_per_second: float
    p50: float
    p95: float
    p99: float


class Wrong(RuntimeError):
    """An answer that is not the expected one: nothing is measured by it."""


async def measured(
    endpoint: Endpoint,
    statement: Callable[[int], tuple[str, str]],
    *,
    clients: int,
    seconds: float,
    first: int = 0,
) -> Measured:
    """Let so many clients ask for so long, from call number `first` on.

    `statement` gives, for the number of a call, a text and a part of its answer.
    """
    taken: list[float] = []
    start = time.perf_counter()
    until = start + seconds

    async def client(number: int) -> None:
        connection = await _Connection.opened(endpoint)
        least = number + CALLS_LEAST * clients
        try:
            while number < least or time.perf_counter() < until:
                sql, part = statement(number)
                began = time.perf_counter()
                answer = await connection.call(sql, number)
                taken.append(time.perf_counter() - began)
                if part not in answer:
                    raise Wrong(f"{endpoint.name}: {answer[:300]}")
                number += clients
        finally:
            connection.close()

    await asyncio.gather(*(client(first + number) for number in range(clients)))
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return Measured(
        calls_per_second=len(taken) / (time.perf_counter() - start),
        p50=1000 * cuts[49],
        p95=1000 * cuts[94],
        p99=1000 * cuts[98],
    )


class _Connection:
    def __init__(
        self, endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._endpoint = endpoint
        self._reader = reader
        self._writer = writer

    @classmethod
    async def opened(cls, endpoint: Endpoint) -> _Connection:
        reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port, limit=ANSWER_BYTES_MAX)
        return cls(endpoint, reader, writer)

    async def call(self, sql: str, number: int) -> str:
        """Call the tool; the body of the answer, whatever it is. Wrong for another status than 200."""
        params = {"name": self._endpoint.tool, "arguments": self._endpoint.arguments(sql)}
        asked = {"jsonrpc": "2.0", "id": number + 1, "method": "tools/call", "params": params}
        body = json.dumps(asked).encode()
        headers = {**HEADERS, **self._endpoint.headers, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = (
            f"POST {self._endpoint.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._endpoint.port}\r\n{head}\r\n"
        )
        self._writer.write(request.encode() + body)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answer()

    async def _answer(self) -> str:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if "transfer-encoding: chunked" in head:
            body = await self._chunks()
        else:
            length = head.partition("content-length:")[2].partition("\r\n")[0].strip()
            body = await self._reader.readexactly(int(length or 0))
        text = body.decode()
        if " 200 " not in head.partition("\r\n")[0]:
            raise Wrong(f"{self._endpoint.name}: {head.partition(chr(13))[0]} {text[:300]}")
        return text

    async def _chunks(self) -> bytes:
        found = bytearray()
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            found += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return bytes(found)

    def close(self) -> None:
        self._writer.close()
