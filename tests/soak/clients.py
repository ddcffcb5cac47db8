"""Clients that ask without end, each in its own way, and what they were told."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp_types import TextContent

from tests.server.wire import direct
from tests.support.patience import until
from tests.support.reference import MAP, ORDERS

CLIENTS = 16
ROLES = ("analyst", "data_engineer", "ml_engineer")
# A call that takes longer has hung: the longest read may take thirty seconds.
HUNG_SECONDS = 60
CALLS_PER_CLIENT = 200  # then it connects anew, as clients do
OUTCOME = re.compile(r"(OK|ERROR [A-Z_]+)\b")
ORDER_TABLE = "t_sales_order_m"


@dataclass
class Told:
    """How often each outcome was told, and what nobody should be told."""

    outcomes: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    under_way: int = 0

    @property
    def calls(self) -> int:
        """All calls that were answered."""
        return self.outcomes.total()


class Crowd:
    """CLIENTS clients of one server, which can be asked to be quiet for a while.

    Each waits `pause_s` seconds on average between two calls.
    """

    def __init__(self, endpoint: str, *, pause_s: float = 0.0, clients: int = CLIENTS, seed: int = 1) -> None:
        self.told = Told()
        self._endpoint = endpoint
        self._pause_s = pause_s
        self._clients = clients
        self._seed = seed
        self._may_ask = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Crowd:
        self._may_ask.set()
        self._tasks = [asyncio.create_task(self._client(number)) for number in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def quiet(self) -> None:
        """Return when no call is under way; none begins before `go_on`."""
        self._may_ask.clear()
        await until(lambda: not self.told.under_way, 2 * HUNG_SECONDS)

    def go_on(self) -> None:
        """Have them ask again."""
        self._may_ask.set()

    async def _client(self, number: int) -> None:
        chance = random.Random(self._seed * 1_000 + number)  # the same questions each time
        while True:
            try:
                async with Client(self._transport(ROLES[number % len(ROLES)])) as client:
                    for _ in range(CALLS_PER_CLIENT):
                        await self._may_ask.wait()
                        await self._call(client, chance)
                        await asyncio.sleep(2 * self._pause_s * chance.random())
            except asyncio.CancelledError:
                raise
            except Exception as failure:
                self.told.strange.append(f"{type(failure).__name__}: {failure}"[:300])
                await asyncio.sleep(0.5)

    def _transport(self, role: str) -> StreamableHttpTransport:
        def made(
            headers: dict[str, str] | None = None, timeout: Any = None, auth: Any = None, **_: Any
        ) -> Any:
            client = direct(headers=headers, auth=auth)
            client.timeout = timeout if timeout is not None else HUNG_SECONDS
            return client

        return StreamableHttpTransport(self._endpoint, auth=f"demo-{role}", httpx_client_factory=made)

    async def _call(self, client: Client[Any], chance: random.Random) -> None:
        tool, arguments, patience = question(chance)
        self.told.under_way += 1
        try:
            async with asyncio.timeout(patience):
                result = await client.call_tool(tool, arguments, raise_on_error=False)
        except TimeoutError:
            self.told.outcomes["cancelled"] += 1
            if patience == HUNG_SECONDS:
                self.told.strange.append(f"no answer in {HUNG_SECONDS} s: {tool} {arguments}")
        else:
            text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
            found = OUTCOME.match(text)
            self.told.outcomes[found[1] if found else "other"] += 1
            if found is None:
                self.told.strange.append(text[:300])
        finally:
            self.told.under_way -= 1


def question(chance: random.Random) -> tuple[str, dict[str, object], float]:
    """Return a tool, its arguments, and after how many seconds the client goes away."""
    number = chance.randrange(100)
    if number < 50:
        key = 1_000 + chance.randrange(50)
        return _query(ORDERS, f"SELECT order_no, pay_amount FROM {ORDER_TABLE} WHERE order_id = {key}")
    if number < 65:
        return _query(
            ORDERS,
            f"SELECT order_id, order_status, pay_amount FROM {ORDER_TABLE} ORDER BY order_id LIMIT 100",
        )
    if number < 80:
        return _query(MAP, "SELECT COUNT(*) FROM store_location WHERE lat > 0")
    if number < 88:
        return _query("opshop", "SELECT COUNT(*) FROM t_shop_info")
    if number < 93:
        return _query(ORDERS, f"SELECT no_such_column FROM {ORDER_TABLE}")
    if number < 97:
        return "search_catalog", {"question": "orders by store"}, HUNG_SECONDS
    tool, arguments, _ = _query(ORDERS, f"SELECT COUNT(*), SUM(pay_amount) FROM {ORDER_TABLE}")
    return tool, arguments, chance.random() / 2


def _query(source: str, sql: str) -> tuple[str, dict[str, object], float]:
    return "run_query", {"source": source, "sql": sql}, HUNG_SECONDS
