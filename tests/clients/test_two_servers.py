"""Two real processes: one takes over from the other under load, and both count by one Redis."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.clients.balancer import balancing
from tests.clients.processes import Served, real_server, running
from tests.server.wire import OLDER, call_message, direct
from tests.support.audit_log import records
from tests.support.patience import until
from tests.support.policy_copies import policies_with
from tests.support.redis_server import redis_server

CLIENTS = 4
ANSWERS = 12
CALLS = 5
QUESTION = {
    "source": "salesorder",
    "sql": "SELECT COUNT(*) AS n FROM luckyus_sales_order.t_sales_order_m",
}
RECEIPT = re.compile(r"receipt (r-[0-9a-f]{16})")


@contextmanager
def _each(policies: Path, environments: list[dict[str, str]]) -> Iterator[list[Served]]:
    """Run a server for each environment; they start side by side."""
    with ExitStack() as stack, ThreadPoolExecutor() as threads:
        made = [running(real_server(policies), each) for each in environments]
        yield list(threads.map(stack.enter_context, made))


@pytest.fixture
def states(demo_data: Path, tmp_path: Path) -> list[dict[str, str]]:
    """Environments of two servers over the same data, each with a state of its own."""
    return [{"DEMO_DATA": str(demo_data), "LUCKY_STATE": str(tmp_path / name)} for name in ("one", "two")]


async def ask(client: httpx2.AsyncClient, url: str) -> str:
    """The text of one call's answer; empty when it was refused or broken off, and may be made again."""
    headers, message = call_message("run_query", dict(QUESTION), OLDER)
    try:
        answer = await client.post(url, json=message, headers=headers)
    except httpx2.TransportError:
        return ""
    if answer.status_code == 503:
        assert answer.headers["retry-after"] == "1"
        return ""
    assert answer.status_code == 200
    said = json.loads(answer.text.split("data: ", 1)[-1])
    if "error" in said:
        assert said["error"]["code"] == -32050
        return ""
    return str(said["result"]["content"][0]["text"])


async def test_a_rolling_restart_loses_no_answer(project_root: Path, states: list[dict[str, str]]) -> None:
    """Under load one server takes over from another: whatever was answered is in an audit log."""
    answered: list[str] = []
    done = asyncio.Event()

    async def keep_asking(url: str) -> None:
        async with direct() as client:
            while not done.is_set():
                text = await ask(client, url)
                if text:
                    answered.append(RECEIPT.search(text)[1])  # type: ignore[index]

    with _each(project_root / "policies", states) as (old, new):
        ports = [urlsplit(each.url).port or 0 for each in (old, new)]
        async with balancing(ports[0]) as balancer:
            asking = [asyncio.create_task(keep_asking(balancer.url)) for _ in range(CLIENTS)]
            await until(lambda: len(answered) >= ANSWERS, 60)
            balancer.servers.append(ports[1])
            old.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(old.process.wait, 60) == 0
            so_far = len(answered)
            await until(lambda: len(answered) >= so_far + ANSWERS, 60)
            done.set()
            await asyncio.wait_for(asyncio.gather(*asking), 60)
            assert balancer.servers == [ports[1]]
    ended = [_answered_in(Path(each["LUCKY_STATE"])) for each in states]
    assert set(answered) <= ended[0] | ended[1]
    assert len(set(answered)) == len(answered)
    assert all(set(answered) & each for each in ended), "each of the two has answered"


def _answered_in(state: Path) -> set[str]:
    return {
        record["id"]
        for record in records(state / "audit")
        if record["event"] == "ended" and record["outcome"] == "ok"
    }


async def test_two_servers_with_one_redis_count_together(
    project_root: Path, states: list[dict[str, str]], tmp_path: Path
) -> None:
    few = ("bounds.yaml", "calls_per_minute: 600\n", f"calls_per_minute: {CALLS}\n")
    policies = policies_with(project_root, tmp_path / "policies", few)
    with redis_server() as redis:
        shared = [{**each, "LUCKY_LIMITS_URL": redis.url} for each in states]
        with _each(policies, shared) as servers:
            async with direct() as client:
                texts = [await ask(client, each.url) for _ in range(CALLS) for each in servers]
    assert [text.split()[0] for text in texts[:CALLS]] == ["OK"] * CALLS
    assert all(text.startswith("ERROR RATE_LIMITED: ") for text in texts[CALLS:])
