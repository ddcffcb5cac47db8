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

from lucky_mcp.audit.verify import verify
from lucky_mcp.settings import Settings
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
# Those who keep asking may ask without end, another caller five times.
QUOTAS = (
    "bounds.yaml",
    "  principals: {}",
    f"""  principals:
    "demo:analyst": {{calls_per_minute: 1000000}}
    "demo:data_engineer": {{calls_per_minute: {CALLS}}}""",
)
QUESTION = {
    "source": "salesorder",
    "sql": "SELECT COUNT(*) AS n FROM luckyus_sales_order.t_sales_order_m",
}
ORDERS = "luckyus_sales_order.t_sales_order_m"
TOO_MUCH: dict[str, object] = {
    "source": "salesorder",
    "sql": f"SELECT COUNT(DISTINCT a.pay_amount + b.pay_amount + c.pay_amount) FROM {ORDERS} a, {ORDERS} b, {ORDERS} c",
}
RECEIPT = re.compile(r"receipt (r-[0-9a-f]{16})")


@contextmanager
def both(policies: Path, environments: list[dict[str, str]]) -> Iterator[list[Served]]:
    """Run a server for each environment; they start side by side."""
    with ExitStack() as stack, ThreadPoolExecutor() as threads:
        made = [running(real_server(policies), each) for each in environments]
        yield list(threads.map(stack.enter_context, made))


async def test_two_servers_count_together_and_one_takes_over_from_the_other(
    project_root: Path, demo_data: Path, tmp_path: Path
) -> None:
    policies, states = policies_with(project_root, tmp_path / "policies", QUOTAS), ("one", "two")
    with redis_server() as redis:
        own = {"DEMO_DATA": str(demo_data), "LUCKY_LIMITS_URL": redis.url}
        own["LUCKY_DRAIN_S"] = "4"
        environments = [{**own, "LUCKY_STATE": str(tmp_path / state)} for state in states]
        with both(policies, environments) as (old, new):
            await count_together([old, new])
            answered = await take_over(old, new, tmp_path / "one")
    kept = [answered_in(tmp_path / state) for state in states]
    assert len(set(answered)) == len(answered)
    assert set(answered) <= kept[0] | kept[1], "what a client was answered is in an audit log"
    assert all(set(answered) & each for each in kept), "each of the two has answered"


async def count_together(servers: list[Served]) -> None:
    """What one caller may ask is asked of both in turn, and then neither answers any more."""
    async with direct() as client:
        texts = [await ask(client, each.url, "data_engineer") for _ in range(CALLS) for each in servers]
    assert [text.split()[0] for text in texts[:CALLS]] == ["OK"] * CALLS
    assert all(text.startswith("ERROR RATE_LIMITED: ") for text in texts[CALLS:])


async def take_over(old: Served, new: Served, state: Path) -> list[str]:
    """Stop one of two while clients ask on, one of them for too much; the receipts of what they were answered."""
    answered: list[str] = []
    done = asyncio.Event()

    async def keep_asking(url: str) -> None:
        async with direct() as client:
            while not done.is_set():
                text = await ask(client, url, "analyst")
                if text:
                    answered.append(RECEIPT.search(text)[1])  # type: ignore[index]

    ports = [urlsplit(each.url).port or 0 for each in (old, new)]
    async with balancing(ports[0]) as balancer:
        asking = [asyncio.create_task(keep_asking(balancer.url)) for _ in range(CLIENTS)]
        await until(lambda: len(answered) >= ANSWERS, 60)
        balancer.servers.append(ports[1])
        endless = asyncio.create_task(ask_too_much(old.url))
        await until(lambda: any("DISTINCT" in sql for sql in asked_in(state)), 60)
        old.process.send_signal(signal.SIGTERM)
        await until_not_ready(old.url)
        assert await endless == -32050
        assert await asyncio.to_thread(old.process.wait, 60) == 0
        so_far = len(answered)
        await until(lambda: len(answered) >= so_far + ANSWERS, 60)
        done.set()
        await asyncio.wait_for(asyncio.gather(*asking), 60)
        assert balancer.servers == [ports[1]]
    return answered


async def ask_too_much(url: str) -> int:
    """The code of the error with which a call ends that takes longer than a stop waits."""
    headers, message = call_message("run_query", TOO_MUCH, OLDER)
    async with direct() as client:
        answer = await client.post(url, json=message, headers=headers, timeout=60)
    return int(json.loads(answer.text.split("data: ", 1)[-1])["error"]["code"])


async def until_not_ready(url: str) -> None:
    """Ask until the server, which still listens, says that new calls should go elsewhere."""
    async with direct() as client:
        while (answer := await client.get(url.replace("/mcp", "/health/ready"))).status_code == 200:
            pass
    assert answer.status_code == 503


def asked_in(state: Path) -> list[str]:
    """What was asked, by the audit log of a server that runs."""
    return [record["sql_asked"] for record in records(state / "audit") if record["event"] == "begun"]


def answered_in(state: Path) -> set[str]:
    """The receipts of reads that an intact audit log says were answered."""
    settings = Settings(state=state)  # type: ignore[call-arg]
    assert verify(settings.audit_directory, settings.audit_keys({})).faults == ()
    return {
        record["id"]
        for record in records(settings.audit_directory)
        if record["event"] == "ended" and record["outcome"] == "ok"
    }


async def ask(client: httpx2.AsyncClient, url: str, caller: str) -> str:
    """The text of one call's answer; empty when it was refused or broken off, and may be made again."""
    headers, message = call_message("run_query", dict(QUESTION), OLDER)
    headers["Authorization"] = f"Bearer demo-{caller}"
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
